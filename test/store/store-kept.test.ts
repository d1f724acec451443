import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import Database from 'libsql';
import { PoolError } from 'warm-pool';
import { Store } from '../../runtime/store/store.ts';
import { LogLines } from '../support/log-lines.ts';
import { makeProject, repository } from '../support/project.ts';
import { mountDisk, skippedWithoutMount } from '../support/small-disk.ts';
import { within } from '../support/wait.ts';
import { openStore } from './support-store.ts';

const built = path.join(repository, 'dist', 'runtime', 'store', 'store.js');

test('everything of a turn survives a kill that comes after it, or nothing of it', async (t) => {
  const project = makeProject(t, {
    'write.mjs': `
      const { Store } = await import(${JSON.stringify(built)});
      const entries = new Store('pool.db', console).of('a trigger');
      for (let turn = 1; ; turn++) {
        for (const key of ['a', 'b', 'c']) entries.set(key, turn);
        if (entries.first('nothing') !== undefined) throw new Error();
        entries.set('d', turn);
        await entries.committed();
        if (turn % 10 === 0) process.stdout.write(turn + '\\n');
      }`,
  });
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ['write.mjs'], {
      cwd: project.root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = 0;
    child.stdout.on('data', (text) => {
      told = Number(String(text).trim().split('\n').at(-1));
      // Somewhere in the middle of a later turn.
      if (told >= 100) child.kill('SIGKILL');
    });
    await within('the end of the writer', once(child, 'exit'));
    const store = new Store(project.path('pool.db'), new LogLines().logger);
    const entries = store.of('a trigger');
    const values = ['a', 'b', 'c', 'd'].map((key) => entries.get(key) as number);
    store.close();
    assert.equal(new Set(values).size, 1, `one turn's values: ${values}`);
    assert((values[0] as number) >= told, `${values[0]} is not before ${told}`);
  }
});

test('its connection commits to a write-ahead log, and waits for the disk only when that is moved', async (t) => {
  const committing = new Set<Database.Database>();
  const { exec } = Database.prototype;
  t.mock.method(Database.prototype, 'exec', function (this: Database.Database, sql: string) {
    if (sql === 'COMMIT') committing.add(this);
    return exec.call(this, sql);
  });
  const entries = openStore(t).of('a trigger');
  entries.set('a', 1);
  await entries.committed();
  assert.equal(committing.size, 1);
  for (const connection of committing) {
    assert.deepEqual(connection.pragma('journal_mode'), [{ journal_mode: 'wal' }]);
    // NORMAL
    assert.deepEqual(connection.pragma('synchronous'), [{ synchronous: 1 }]);
  }
});

test('a full disk costs nothing: it is told once, waited out, and everything is written', async (t) => {
  const project = makeProject(t);
  const disk = project.path('disk');
  fs.mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    t.skip('a small file system can not be mounted here');
    return;
  }
  const log = new LogLines();
  const store = new Store(path.join(disk, 'pool.db'), log.logger);
  try {
    const entries = store.of('a trigger');
    entries.set('first', 1, { group: 'line' });
    await entries.committed();
    const filler = path.join(disk, 'filler');
    const { bavail, bsize } = fs.statfsSync(disk);
    fs.writeFileSync(filler, Buffer.alloc(bavail * bsize));
    for (let index = 0; index < 500; index++) {
      entries.set(`key ${index}`, 'x'.repeat(200), { group: 'line', order: 1 });
    }
    let isCommitted = false;
    const committed = entries.committed().then(() => {
      isCommitted = true;
    });
    await log.line(/^error .*pool\.db can't be written: .*full.*waits until/);
    assert.equal(entries.first('line'), undefined, 'nothing is handed out that can not be written down');
    assert.equal((entries.get('key 499') as string).length, 200);
    entries.set('key 0', 'later');
    assert.equal(isCommitted, false);
    fs.rmSync(filler);
    execFileSync('mount', ['-o', 'remount,size=4m', disk]);
    await within('the commit', committed);
    await log.line(/^info .*can be written again/);
    assert.equal(log.lines.length, 2);
    assert.equal(entries.first('line'), 'first');
    assert.deepEqual(entries.counts(), { line: 500 });
    assert.equal(entries.get('key 0'), 'later');
  } finally {
    store.close();
    execFileSync('umount', ['-l', disk]);
  }
});

test('with too little room for a database the error says where and what to do, however little it is', (t) => {
  const disk = mountDisk(t, '4m');
  if (!disk) return t.skip(skippedWithoutMount);
  const outcomes = new Set<string>();
  for (let room = 0; room < 256; room += 8) {
    const folder = path.join(disk.path, String(room));
    fs.mkdirSync(folder);
    disk.fill(room * 1024);
    try {
      const store = new Store(path.join(folder, 'pool.db'), new LogLines().logger);
      try {
        store.of('a trigger');
        outcomes.add('usable');
      } finally {
        store.close();
      }
    } catch (error) {
      assert(error instanceof PoolError, `with ${room} KB: ${error}`);
      assert.equal(error.code, 'STORE_UNUSABLE');
      assert.match(error.message, /pool\.db: (?:database or disk is full|disk I\/O error)\. Make room there/);
      outcomes.add('unusable');
    }
    disk.free();
    fs.rmSync(folder, { recursive: true });
  }
  assert.deepEqual(outcomes, new Set(['unusable', 'usable']));
});

test('a damaged database is set aside, and a new one begins', async (t) => {
  const makers: [string, (file: string) => void][] = [
    ['no database', (file) => fs.writeFileSync(file, 'this is no database '.repeat(500))],
    [
      'pages overwritten',
      (file) => {
        const store = new Store(file, new LogLines().logger);
        for (let index = 0; index < 5_000; index++) store.of('a trigger').set(`key ${index}`, 'x'.repeat(50));
        store.close();
        const handle = fs.openSync(file, 'r+');
        fs.writeSync(handle, Buffer.alloc(8 * 4096, 7), 0, 8 * 4096, 20 * 4096);
        fs.closeSync(handle);
      },
    ],
  ];
  for (const [what, damage] of makers) {
    const project = makeProject(t);
    const file = project.path('pool.db');
    damage(file);
    const content = fs.readFileSync(file);
    const log = new LogLines();
    const store = new Store(file, log.logger);
    const [line = ''] = log.lines;
    assert.match(
      line,
      /^error .*pool\.db is damaged \(.*It is kept as .*pool\.db\.aside-\d{14}, and a new one begins/,
      what,
    );
    const aside = /kept as (\S+),/.exec(line)?.[1] as string;
    assert(fs.readFileSync(aside).equals(content));
    store.of('a trigger').set('a', 1);
    store.close();
    const again = new Store(file, log.logger);
    assert.equal(again.of('a trigger').get('a'), 1);
    again.close();
    assert.equal(log.lines.length, 1);
  }
});

test('a database of a newer version is set aside untouched', (t) => {
  const project = makeProject(t);
  const file = project.path('pool.db');
  const newer = new Database(file);
  // Its journal is not that of this version.
  newer.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 7; CREATE TABLE what (ever);');
  newer.close();
  const content = fs.readFileSync(file);
  const log = new LogLines();
  new Store(file, log.logger).close();
  const aside = /newer version \(7, this one reads 1\)\. It is kept as (\S+),/.exec(log.lines[0] ?? '')?.[1];
  assert(fs.readFileSync(aside as string).equals(content), 'byte for byte');
  const kept = new Database(aside as string);
  assert.deepEqual(kept.prepare('SELECT name FROM sqlite_master').raw().all(), [['what']]);
  kept.close();
});

test('a folder in which no database can be made is an error that says which and what to do', (t) => {
  const project = makeProject(t);
  fs.mkdirSync(project.path('pool.db'));
  assert.throws(
    () => new Store(project.path('pool.db'), new LogLines().logger),
    (error) =>
      error instanceof PoolError &&
      error.code === 'STORE_UNUSABLE' &&
      /pool\.db: .*`dataDir`/.test(error.message),
  );
});
