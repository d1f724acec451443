import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runPool, startPool } from '../support/cli.ts';
import { Inbox, makeInboxProject, thumbnailsOf } from '../support/inbox.ts';
import * as photos from '../support/photos.ts';
import { isAlive, until } from '../support/wait.ts';

interface Status {
  readonly stats: { workers: { pid: number; state: string }[]; running: number };
}

async function statusOf(...[test, inbox]: [Parameters<typeof runPool>[0], Inbox]): Promise<Status> {
  return JSON.parse((await runPool(test, inbox.project, ['status', '--json'])).stdout) as Status;
}

async function workersOf(...[test, inbox]: [Parameters<typeof runPool>[0], Inbox]): Promise<number[]> {
  return (await statusOf(test, inbox)).stats.workers.map(({ pid }) => pid);
}

/** Photos that take long enough to be caught at work. */
async function largePhoto(): Promise<Buffer> {
  return photos.noise(4000, 3000).jpeg({ progressive: true }).toBuffer();
}

test('a worker killed in the middle of a photo: the log says so, and its replacement makes the thumbnails', async (t) => {
  const inbox = await Inbox.open(t, makeInboxProject(t, '{ max: 1 }'));
  const photo = await largePhoto();
  const [worker] = (await workersOf(t, inbox)) as [number];
  fs.writeFileSync(path.join(inbox.project.root, 'photo.jpg'), photo);
  // One after another, until one is caught at work: when the first has begun, the backlog keeps the worker busy.
  const names = Array.from({ length: 4 }, (_, index) => `photo ${index}.jpg`);
  for (const name of names) fs.copyFileSync(inbox.project.path('photo.jpg'), path.join(inbox.path, name));
  await until('the first thumbnails', () => inbox.lines.length > 0);
  process.kill(worker, 'SIGKILL');
  await inbox.service.says(/was killed by SIGKILL while it ran thumbnail/);
  await until('all thumbnails', () => inbox.thumbnails.length === names.length * 6);
  await until('an end for each', () =>
    names.every((name) => inbox.linesOf(name).some(({ level }) => level === 30)),
  );
  assert.deepEqual(inbox.thumbnails, names.flatMap(thumbnailsOf).sort());
  assert.deepEqual(inbox.leftovers, []);
  assert.ok(!(await workersOf(t, inbox)).includes(worker));
});

test('Ctrl-C in the middle of a backlog: what runs finishes, the rest waits for the next start', async (t) => {
  const project = makeInboxProject(t, '{ max: 2 }');
  const photo = await largePhoto();
  const names = Array.from({ length: 12 }, (_, index) => `${index}.jpg`);
  for (const name of names) project.write(`inbox/${name}`, photo);
  const inbox = await Inbox.open(t, project);
  await until('the first photo', () => inbox.lines.length > 0);
  inbox.service.interrupt();
  const { code } = await inbox.service.ended;
  assert.equal(code, 0);
  await inbox.service.untilNothingIsLeft();
  const done = inbox.thumbnails.length;
  assert.ok(done < names.length * 6, 'it was interrupted in the middle');
  assert.equal(done % 6, 0, 'no photo is half done');
  assert.deepEqual(inbox.leftovers, []);

  const again = await Inbox.open(t, project);
  await until('all thumbnails', () => again.thumbnails.length === names.length * 6);
  again.service.interrupt();
  assert.equal((await again.service.ended).code, 0);
});

test('the runtime killed with SIGKILL: its workers are gone, those in an endless loop too', async (t) => {
  const project = makeInboxProject(t, '{ min: 3, max: 3 }');
  project.write('functions/spins.js', `export default () => { console.log('spinning'); for (;;); };`);
  project.write(
    'functions/waits.js',
    `export default () => { console.log('waiting'); return new Promise(() => {}); };`,
  );
  const inbox = await Inbox.open(t, project);
  const workers = await workersOf(t, inbox);
  assert.equal(workers.length, 3);
  const calls = ['spins', 'waits'].map((name) => startPool(t, project, ['invoke', name]));
  await inbox.service.says(/"spinning"/);
  await inbox.service.says(/"waiting"/);
  process.kill(inbox.service.pid, 'SIGKILL');
  await until('the end of all workers', async () => {
    const alive = await Promise.all(workers.map(isAlive));
    return !alive.includes(true);
  });
  for (const call of calls) assert.notEqual((await call.ended).code, 0);
});
