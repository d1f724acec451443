import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runPool, startPool } from '../support/cli.ts';
import { Inbox, makeInboxProject, thumbnailsOf } from '../support/inbox.ts';
import * as photos from '../support/photos.ts';
import { deadlineMs, isAlive, until } from '../support/wait.ts';

/** For some twenty photos of twelve megapixels: a second each where nothing else runs. */
const patienceMs = 6 * deadlineMs;

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

/** The processor time that a process has used. Linux counts it in hundredths of a second. */
function cpuSecondsOf(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const onLinux = { skip: process.platform !== 'linux' && 'only /proc tells what a process has computed' };

/** Has photos land until the only worker stands still in the middle of one. Returns their names. */
async function stopAtWork(
  t: Parameters<typeof runPool>[0],
  inbox: Inbox,
  worker: number,
  photo: Buffer,
): Promise<string[]> {
  const draft = inbox.project.path('draft.jpg');
  const names: string[] = [];
  const isRunning = async () => (await statusOf(t, inbox)).stats.running === 1;
  await until(
    'the worker to be caught at work',
    async () => {
      // Enough to keep it busy for as long as it takes to ask.
      for (let more = 6; more > 0; more--) {
        const name = `photo ${names.length}.jpg`;
        names.push(name);
        fs.writeFileSync(draft, photo);
        fs.renameSync(draft, path.join(inbox.path, name));
      }
      const before = inbox.lines.length;
      await until('it to be at work', () => inbox.lines.length > before);
      // What was sent to it when it was done with one photo it hasn't begun until it computes.
      const [done, computed] = [inbox.lines.length, cpuSecondsOf(worker)];
      await until('the next photo to be at work', () => cpuSecondsOf(worker) > computed + 0.05);
      process.kill(worker, 'SIGSTOP');
      // A result that it had sent before is read with the first question at the latest.
      if ((await isRunning()) && (await isRunning()) && inbox.lines.length === done) return true;
      process.kill(worker, 'SIGCONT');
      return false;
    },
    patienceMs,
  );
  return names;
}

test(
  'a worker killed in the middle of a photo: the log says so, and its replacement makes the thumbnails',
  onLinux,
  async (t) => {
    const inbox = await Inbox.open(t, makeInboxProject(t, '{ max: 1 }'));
    const [worker] = (await workersOf(t, inbox)) as [number];
    const names = await stopAtWork(t, inbox, worker, await largePhoto());
    process.kill(worker, 'SIGKILL');
    await inbox.service.says(/was killed by SIGKILL while it ran thumbnail/);
    await until('all thumbnails', () => inbox.thumbnails.length === names.length * 6, patienceMs);
    await until('an end for each', () =>
      names.every((name) => inbox.linesOf(name).some(({ level }) => level === 30)),
    );
    assert.deepEqual(inbox.thumbnails, names.flatMap(thumbnailsOf).sort());
    assert.deepEqual(inbox.leftovers, []);
    assert.ok(!(await workersOf(t, inbox)).includes(worker));
  },
);

test('Ctrl-C in the middle of a backlog: what runs finishes, the rest waits for the next start', async (t) => {
  const project = makeInboxProject(t, '{ max: 2 }');
  const photo = await largePhoto();
  const names = Array.from({ length: 12 }, (_, index) => `${index}.jpg`);
  for (const name of names) project.write(`inbox/${name}`, photo);
  const inbox = await Inbox.open(t, project);
  await until('the first photo', () => inbox.lines.length > 0, patienceMs);
  inbox.service.interrupt();
  const { code } = await inbox.service.ended;
  assert.equal(code, 0);
  await inbox.service.untilNothingIsLeft();
  const done = inbox.thumbnails.length;
  assert.ok(done < names.length * 6, 'it was interrupted in the middle');
  assert.equal(done % 6, 0, 'no photo is half done');
  assert.deepEqual(inbox.leftovers, []);

  const again = await Inbox.open(t, project);
  await until('all thumbnails', () => again.thumbnails.length === names.length * 6, patienceMs);
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
