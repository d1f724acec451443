import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { runPool, startPool, startService } from '../support/cli.ts';
import {
  listedFiles,
  makeFilesProject,
  stopped,
  takeRuns,
  untilDone,
  untilListed,
  untilSetAside,
} from '../support/files-project.ts';
import { Inbox, makeInboxProject } from '../support/inbox.ts';
import * as photos from '../support/photos.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from '../triggers/support-jpeg.ts';

test('a photo that is broken is listed with its attempts and the reason, until a good one takes its place', async (t) => {
  const inbox = await Inbox.open(t, makeInboxProject(t));
  const { project } = inbox;
  // Whole as far as its markers tell, and no decoder can make anything of it.
  project.write('inbox/broken.jpg', makeJpeg());
  project.write('inbox/good.jpg', await photos.rgbPhoto(64, 48));
  await untilSetAside(inbox.service, 'broken\\.jpg');
  await inbox.service.says(/"thumbnail good\.jpg: 6 outputs/);
  const setAside = await untilListed(t, project, 'inbox/broken.jpg', 'setAside');
  assert.equal(setAside.failures, 3);
  assert.match(String(setAside.reason), /^thumbnail failed 3 times, at last: .*broken\.jpg/);

  const { code, stdout, stderr } = await runPool(t, project, ['files'], { cwd: inbox.path });
  const [heading, ...rows] = stdout.trimEnd().split('\n');
  assert.match(heading ?? '', /^FILE +STATE +FAILURES +NEXT ATTEMPT +REASON$/);
  assert.equal(rows.length, 1, stdout);
  assert.match(rows[0] ?? '', /^broken\.jpg +setAside +3 +- +thumbnail failed 3 times, at last: /);
  assert.match(stderr, /^FILES 1 listed {2}1 setAside {2}1 done\n$/);
  assert.equal(code, 0);
  assert.deepEqual([...(await listedFiles(t, project, '--state', 'done')).keys()], ['inbox/good.jpg']);
  // The thumbnails are ignored by the configuration.
  for (const states of ['all', 'setAside,done'])
    assert.equal((await listedFiles(t, project, '--state', states)).size, 2, states);

  project.write('inbox/broken.jpg', await photos.rgbPhoto(64, 48));
  await untilListed(t, project, 'inbox/broken.jpg', 'done');
  assert.equal((await runPool(t, project, ['files'])).stdout, '');
});

test('a file that waits is listed with the failures so far and the time of the next attempt', async (t) => {
  const project = makeFilesProject(t, { attempts: 100 });
  await startService(t, project);
  project.write('inbox/bad.txt', 'bad');
  const waiting = await untilListed(t, project, 'inbox/bad.txt', 'waiting');
  assert.equal(waiting.reason, 'RangeError: it is bad');
  assert(Number(waiting.failures) >= 1);
  // The longest wait is half a minute.
  assert(
    Math.abs(Date.parse(String(waiting.nextAttempt)) - Date.now()) < 120_000,
    String(waiting.nextAttempt),
  );
  await until('the table has it', async () => {
    const { stdout } = await runPool(t, project, ['files']);
    return /^inbox\/bad\.txt +waiting +\d+ +(?:in [\d.]+ s|now) +RangeError: it is bad$/m.test(stdout);
  });
  const { stdout } = await runPool(t, project, ['status']);
  assert.match(stdout, /^trigger +watch inbox:work → work: 1 (?:waiting|queued|running)$/m);
});

test('a name that would garble the terminal is escaped in the table, and exact in JSON', async (t) => {
  const project = makeFilesProject(t);
  const service = await startService(t, project);
  const name = 'in\ntwo \u001b[31mlines.txt';
  project.write(`inbox/${name}`, 'bad');
  await service.says(/is set aside until it changes/);
  assert.deepEqual([...(await listedFiles(t, project)).keys()], [`inbox/${name}`]);
  const { stdout } = await runPool(t, project, ['files']);
  assert.equal(stdout.trimEnd().split('\n').length, 2, stdout);
  assert(stdout.includes('inbox/in\\ntwo \\u001b[31mlines.txt '), stdout);
});

const twoTriggers = `
  import { defineConfig, watch } from 'warm-pool';
  const options = { path: 'inbox', attempts: 1, complete: () => 'whole', invoke: 'work', args: (file) => file.path };
  export default defineConfig({ triggers: [watch({ ...options, id: 'first' }), watch({ ...options, id: 'second' })] });`;

test('with several triggers the table says which one a line is of', async (t) => {
  const project = makeFilesProject(t);
  project.write('pool.config.mjs', twoTriggers);
  const service = await startService(t, project);
  project.write('inbox/bad.txt', 'bad');
  await until('both have given it up', () => service.stderr().match(/is set aside until/g)?.length === 2);
  const { stdout, stderr } = await runPool(t, project, ['files']);
  assert.match(stdout, /^FILE +STATE +FAILURES +NEXT ATTEMPT +TRIGGER +REASON$/m);
  assert.match(stdout, /^inbox\/bad\.txt +setAside +1 +- +first +work failed/m);
  assert.match(stdout, /^inbox\/bad\.txt +setAside +1 +- +second +work failed/m);
  assert.match(stderr, /^FILES 2 listed {2}2 setAside$/m);
  takeRuns(project);
  const retried = await runPool(t, project, ['files', 'retry', 'inbox/bad.txt']);
  assert.match(retried.stderr, /^One file is tried again\.$/m);
  await until(
    'both try it again',
    () => fs.readFileSync(project.path('runs'), 'utf8') === 'bad.txt\nbad.txt\n',
  );
});

test('a file of several triggers that is tried again counts once', async (t) => {
  const project = makeFilesProject(t);
  project.write('pool.config.mjs', twoTriggers);
  const service = await startService(t, project);
  project.write('inbox/bad.txt', 'bad');
  await until('both have given it up', () => service.stderr().match(/is set aside until/g)?.length === 2);
  const { stderr } = await runPool(t, project, ['files', 'retry', '--all']);
  assert.equal(stderr, 'One file is tried again.\n');
});

test('pool status counts the files of each trigger, and tells of some that are set aside why', async (t) => {
  const project = makeFilesProject(t);
  const service = await startService(t, project);
  const bad = Array.from({ length: 7 }, (_, index) => `bad ${index}.txt`);
  assert.match((await runPool(t, project, ['status'])).stdout, /watch inbox:work → work: no files yet$/m);
  for (const name of [...bad, 'good.txt']) project.write(`inbox/${name}`, name);
  await untilSetAside(service, ...bad);
  await untilDone(service, 'good.txt');
  const { stdout, code } = await runPool(t, project, ['status']);
  assert.match(stdout, /^trigger +watch inbox:work → work: 7 set aside, 1 done$/m);
  assert.match(
    stdout,
    /^SET ASIDE +REASON\n(inbox\/bad \d\.txt +work failed: RangeError: it is bad\n){5}2 more: pool files --state setAside\n$/m,
  );
  assert.equal(code, 0);
  const [trigger] = JSON.parse((await runPool(t, project, ['status', '--json'])).stdout).triggers;
  assert.deepEqual([trigger.hasFiles, trigger.counts], [true, { done: 1, setAside: 7 }]);

  project.write('fixed', '');
  assert.equal((await runPool(t, project, ['files', 'retry', '--all'])).code, 0);
  await untilDone(service, ...bad);
  assert.doesNotMatch((await runPool(t, project, ['status'])).stdout, /SET ASIDE|more:/);
});

test('a great many files come as they are read, and a reader may leave', async (t) => {
  const project = makeFilesProject(t);
  const service = await startService(t, project);
  await stopped(service);
  const count = 20_000;
  await keepMany(project.path('.pool', 'pool.db'), count);
  for (const kind of ['as kept', 'of a running runtime']) {
    if (kind === 'of a running runtime') await startService(t, project);
    const { stdout, stderr, code } = await runPool(t, project, ['files']);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, count + 1, kind);
    assert.equal(lines.filter((line) => line.startsWith('FILE ')).length, 1);
    assert.match(stderr, new RegExp(`^FILES ${count} listed {2}${count} setAside$`, 'm'));
    assert.equal(code, 0);

    const unread = startPool(t, project, ['files', '--json']);
    unread.child.stdout?.once('data', () => unread.child.stdout?.destroy());
    assert.equal((await unread.ended).code, 141, kind);
  }
});

/** Has a database know of many files that are set aside. */
async function keepMany(database: string, count: number): Promise<void> {
  const { Store } = await import('../../runtime/store/store.ts');
  const { LogLines } = await import('../support/log-lines.ts');
  const store = new Store(database, new LogLines().logger);
  const receipt = { name: 'setAside', key: '1:2:3:4', reason: 'work failed: '.padEnd(200, 'x'), failures: 1 };
  for (let index = 0; index < count; index++)
    store.of('inbox:work').set(`${index}.txt`, receipt, { group: 'setAside' });
  store.close();
}
