import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import Database from 'libsql';
import { startService } from '../support/cli.ts';
import {
  listedFiles,
  makeFilesProject,
  stopped,
  takeRuns,
  untilDone,
  untilSetAside,
} from '../support/files-project.ts';

const spoilt: Record<string, { spoil: (file: string) => void; reason: RegExp }> = {
  'whose pages were overwritten': {
    spoil(file) {
      const pageSize = 4_096;
      const handle = fs.openSync(file, 'r+');
      const rest = fs.fstatSync(handle).size - pageSize;
      fs.writeSync(handle, Buffer.alloc(rest, 7), 0, rest, pageSize);
      fs.closeSync(handle);
    },
    reason: /is damaged \(.+\)/,
  },
  'that is none': {
    spoil: (file) => fs.writeFileSync(file, 'this is no database '.repeat(500)),
    reason: /is damaged \(.+\)/,
  },
  'of a newer version': {
    spoil(file) {
      const newer = new Database(file);
      newer.exec('PRAGMA user_version = 7; CREATE TABLE what (ever);');
      newer.close();
    },
    reason: /is of a newer version \(7, this one reads 1\)/,
  },
};

for (const [which, { spoil, reason }] of Object.entries(spoilt)) {
  test(`\`pool start\` with a database ${which} keeps it under another name, says so, and takes up what is there`, async (t) => {
    const project = makeFilesProject(t);
    for (const name of ['good.txt', 'bad.txt']) project.write(`inbox/${name}`, name);
    const service = await startService(t, project);
    await untilDone(service, 'good.txt');
    await untilSetAside(service, 'bad.txt');
    await stopped(service);
    assert.deepEqual(takeRuns(project).sort(), ['bad.txt', 'good.txt']);
    const database = project.path('.pool', 'pool.db');
    spoil(database);
    assert.equal(fs.existsSync(`${database}-wal`), false);
    const content = fs.readFileSync(database);

    const again = await startService(t, project);
    // Its empty journals may be kept beside it.
    const asides = fs.readdirSync(project.path('.pool')).filter((name) => /\.aside-\d{14}$/.test(name));
    assert.equal(asides.length, 1, asides.join(', '));
    const [aside = ''] = asides;
    const kept = project.path('.pool', aside);
    assert.ok(fs.readFileSync(kept).equals(content), 'it is kept byte for byte');
    const errors = again
      .stderr()
      .split('\n')
      .filter((line) => line.includes(aside))
      .map((line) => JSON.parse(line) as { level: number; msg: string });
    assert.deepEqual(
      errors.map(({ level, msg }) => [level, msg.replace(reason, 'has a trouble')]),
      [
        [
          50,
          `${database} has a trouble. It is kept as ${kept}, and a new one begins: what triggers knew is forgotten`,
        ],
      ],
    );
    await untilDone(again, 'good.txt');
    await untilSetAside(again, 'bad.txt');
    assert.deepEqual(takeRuns(project).sort(), ['bad.txt', 'good.txt']);
    const states = [...(await listedFiles(t, project, '--state', 'all'))].map(([file, { state }]) => [
      file,
      state,
    ]);
    assert.deepEqual(Object.fromEntries(states), { 'inbox/bad.txt': 'setAside', 'inbox/good.txt': 'done' });
    await stopped(again);
    assert.ok(fs.readFileSync(kept).equals(content));
  });
}
