import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import Database from 'libsql';
import { Store } from '../../runtime/store/store.ts';
import { LogLines } from '../support/log-lines.ts';
import { makeProject } from '../support/project.ts';
import { within } from '../support/wait.ts';

const MB = 2 ** 20;

/** Writes values of 4 KB, 200 of them in each turn, and tells how long the log was after each. */
async function writeTurns(store: Store, file: string, turns: number): Promise<number[]> {
  const entries = store.of('a trigger');
  const lengths: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    for (let key = 0; key < 200; key++) entries.set(`key ${key}`, `${turn} ${'x'.repeat(4_000)}`);
    await within('a commit', entries.committed());
    lengths.push(fs.statSync(`${file}-wal`).size);
  }
  return lengths;
}

test('the log of a database is emptied again and again while it is written to', async (t) => {
  const project = makeProject(t);
  const file = project.path('pool.db');
  const log = new LogLines();
  const store = new Store(file, log.logger);
  t.after(() => store.close());
  const lengths = await writeTurns(store, file, 200);
  const shrinks = lengths.filter((length, turn) => length < (lengths[turn - 1] ?? 0));
  assert(shrinks.length >= 2, `${lengths.map((length) => Math.round(length / MB))}`);
  // 16 MB, and what 32 commits add until the next look.
  assert(Math.max(...lengths) < 64 * MB, `${Math.max(...lengths) / MB} MB`);
  assert.match(store.of('a trigger').get('key 199') as string, /^199 /);
  assert.deepEqual(log.lines, []);
});

test('a long reading of a database holds up nobody, and its log is emptied afterwards', async (t) => {
  const project = makeProject(t);
  const file = project.path('pool.db');
  const store = new Store(file, new LogLines().logger);
  const reader = new Database(file, { readonly: true });
  t.after(() => store.close());
  await writeTurns(store, file, 1);
  reader.exec('BEGIN');
  const read = () => reader.prepare("SELECT value FROM entries WHERE key = 'key 0'").raw().get() as [string];
  assert.match(read()[0], /^"0 /);
  const lengths = await writeTurns(store, file, 100);
  assert(Math.min(...lengths.slice(50)) > 16 * MB, 'what is read is kept');
  assert.match(read()[0], /^"0 /);
  reader.exec('COMMIT');
  assert.match(read()[0], /^"99 /);
  reader.close();
  const later = await writeTurns(store, file, 200);
  assert(Math.min(...later) < Math.max(...lengths), 'it was emptied');
});
