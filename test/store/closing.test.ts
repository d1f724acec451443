import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeProject, repository } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';

/** The address of a module of the built package. */
const built = (name: string) =>
  JSON.stringify(pathToFileURL(path.join(repository, 'dist', 'runtime', 'store', `${name}.js`)).href);
const libsql = JSON.stringify(
  pathToFileURL(path.join(repository, 'node_modules', 'libsql', 'index.js')).href,
);

/** Begins a program with a store whose write-ahead log is being moved into the database. */
const untilTidiedUp = `
  import Database from ${libsql};
  import { Store } from ${built('store')};
  const store = new Store('pool.db', console);
  const entries = store.of('a trigger');
  let reader;
  for (let turn = 0; !entries.isHeldUp; turn++) {
    for (let key = 0; key < 200; key++) entries.set('key ' + key, turn + ' ' + 'x'.repeat(4_000));
    if (!entries.isHeldUp) await entries.committed();
    // One who reads is waited for by whoever tidies up.
    if (turn === 0) {
      reader = new Database('pool.db');
      reader.exec('BEGIN; SELECT count(*) FROM entries;');
    }
  }`;

test('a closed store says that it is, whatever it is asked, and goes on with nothing', async (t) => {
  const outcomes = await runProgram(
    makeProject(t),
    `
    import { Store } from ${built('store')};
    const store = new Store('pool.db', console);
    const entries = store.of('a trigger');
    entries.set('key', 'value');
    store.close();
    store.close();
    await entries.committed();
    const asked = {
      get: () => entries.get('key'),
      set: () => entries.set('key', 'other'),
      delete: () => entries.delete('key'),
      first: () => entries.first('group'),
      keys: () => [...entries.keys()],
      counts: () => entries.counts(),
    };
    const outcomes = Object.entries(asked).map(([name, ask]) => {
      try {
        return name + ': ' + JSON.stringify(ask());
      } catch (error) {
        return name + ': ' + error.code;
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log(JSON.stringify(outcomes));`,
  );
  assert.deepEqual(
    outcomes,
    ['get', 'set', 'delete', 'first', 'keys', 'counts'].map((name) => `${name}: RUNTIME_CLOSED`),
  );
});

test('a program that waits for nothing but a database that is tidied up does not end before', async (t) => {
  const written = await runProgram(
    makeProject(t),
    `${untilTidiedUp}
    await entries.committed();
    const value = entries.get('key 0');
    reader.exec('COMMIT');
    store.close();
    console.log(JSON.stringify(value.length > 4_000));`,
  );
  assert.equal(written, true);
});

// Without what is tested here every fourth one or so ends by SIGABRT: it depends on where its thread is.
test('a program that is ended while its database is tidied up ends as it wanted to', async (t) => {
  for (const afterMs of [40, 60, 80, 110, 150, 200]) {
    const project = makeProject(t);
    const isHeldUp = await runProgram(
      project,
      `${untilTidiedUp}
      const end = performance.now() + ${afterMs};
      while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
      console.log(entries.isHeldUp);
      process.exit(0);`,
    );
    assert.equal(isHeldUp, true, 'it was tidied up when it ended');
  }
});

test('where no thread can be started, that is told by the answer', (t) => {
  const project = makeProject(t);
  const program = `
    const { checkpoint } = await import(${built('checkpoint')});
    console.log(await checkpoint('pool.db'));`;
  const flags = ['--experimental-permission', '--allow-fs-read=*', '--no-warnings', '--input-type=module'];
  const answer = execFileSync(process.execPath, [...flags, '-e', program], {
    cwd: project.root,
    encoding: 'utf8',
  });
  assert.equal(answer, 'false\n');
});
