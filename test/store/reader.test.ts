import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import Database from 'libsql';
import { PoolError } from 'warm-pool';
import { StoreReader } from '../../runtime/store/reader.ts';
import { Store } from '../../runtime/store/store.ts';
import { LogLines } from '../support/log-lines.ts';
import { makeProject, repository } from '../support/project.ts';
import { within } from '../support/wait.ts';

const built = path.join(repository, 'dist', 'runtime', 'store', 'store.js');

/** Opens a database that has to be there. */
function read(file: string): StoreReader {
  const reader = StoreReader.open(file);
  assert(reader, `${file} has nothing to read`);
  return reader;
}

test('what is read is all as of one moment, and nobody who writes has to wait', async (t) => {
  const file = makeProject(t).path('a folder #1? 100%', 'pool.db');
  fs.mkdirSync(path.dirname(file));
  const log = new LogLines();
  const store = new Store(file, log.logger);
  const entries = store.of('a trigger');
  entries.set('a', 1, { group: 'line' });
  await entries.committed();
  const reader = read(file);
  assert.equal(reader.of('a trigger').get('a'), 1);
  entries.set('a', 2);
  entries.set('b', 1, { group: 'line' });
  await entries.committed();
  assert.equal(reader.of('a trigger').get('a'), 1);
  assert.deepEqual([...reader.of('a trigger').keys('line')], ['a']);
  assert.deepEqual(reader.of('a trigger').counts(), { line: 1 });
  assert.deepEqual(reader.of('another').counts(), {});
  assert.throws(() => reader.of('a trigger').set('a', 3), /can only be read/);
  assert.throws(() => reader.of('a trigger').delete('a'), /can only be read/);
  reader.close();
  const later = read(file);
  assert.equal(later.of('a trigger').get('a'), 2);
  later.close();
  store.close();
  assert.deepEqual(log.lines, []);
});

test('what a kill has left is read, and nothing of it is changed', async (t) => {
  const project = makeProject(t, {
    'write.mjs': `
      const { Store } = await import(${JSON.stringify(built)});
      const entries = new Store('pool.db', console).of('a trigger');
      for (let index = 0; index < 1000; index++) entries.set('key ' + index, 'x'.repeat(50), { group: 'line' });
      await entries.committed();
      process.kill(process.pid, 'SIGKILL');`,
  });
  const child = spawn(process.execPath, ['write.mjs'], { cwd: project.root, stdio: 'inherit' });
  await within('the end of the writer', once(child, 'exit'));
  const contents = () => ['pool.db', 'pool.db-wal'].map((name) => fs.readFileSync(project.path(name)));
  const before = contents();
  assert((before[1] as Buffer).length > 10_000, 'it all lies in the write-ahead log');
  const reader = read(project.path('pool.db'));
  assert.deepEqual(reader.of('a trigger').counts(), { line: 1000 });
  reader.close();
  assert.deepEqual(contents(), before);
});

test('where no database is, or nothing in it yet, there is nothing to read, and none is made', (t) => {
  const project = makeProject(t, { 'empty.db': '' });
  assert.equal(StoreReader.open(project.path('pool.db')), undefined);
  assert.equal(StoreReader.open(project.path('empty.db')), undefined);
  assert.equal(project.has('pool.db'), false);
  assert.equal(fs.statSync(project.path('empty.db')).size, 0);
});

test('a database that can not be read is an error that says why, and stays as it is', (t) => {
  const project = makeProject(t, { 'garbage.db': 'this is no database '.repeat(500) });
  const newer = new Database(project.path('newer.db'));
  newer.exec('PRAGMA user_version = 7');
  newer.close();
  const store = new Store(project.path('torn.db'), new LogLines().logger);
  for (let index = 0; index < 5_000; index++) store.of('a trigger').set(`key ${index}`, 'x'.repeat(50));
  store.close();
  const torn = fs.openSync(project.path('torn.db'), 'r+');
  fs.writeSync(torn, Buffer.alloc(8 * 4096, 7), 0, 8 * 4096, 20 * 4096);
  fs.closeSync(torn);
  for (const [name, message] of [
    ['garbage.db', /garbage\.db, is damaged \(.+\)\. The next `pool start` keeps it under another name/],
    ['torn.db', /torn\.db, is damaged \(.+\)\. The next `pool start`/],
    [
      'newer.db',
      /newer\.db, is of a newer version \(7, this one reads 1\): use the warm-pool that made it\.$/,
    ],
  ] as const) {
    const content = fs.readFileSync(project.path(name));
    assert.throws(
      () => StoreReader.open(project.path(name)),
      (error) => error instanceof PoolError && error.code === 'STORE_UNUSABLE' && message.test(error.message),
      name,
    );
    assert(fs.readFileSync(project.path(name)).equals(content), name);
  }
});
