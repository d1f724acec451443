import assert from 'node:assert/strict';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Invocation, Shared } from 'warm-pool';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, work } from './support.ts';

const locks = ['a', 'b', 'c'];
const workers = 4;
const totalMs = 3000;
const fewestKills = 12;
const killGrace = 5;

interface Visits {
  readonly folder: string;
  readonly locks: readonly string[];
}

/** Enters what locks guard again and again, and leaves its name there for as long as it is inside. */
async function visit(shared: Shared, { folder, locks }: Visits, { ctx, fs }: Tools) {
  const tell = (file: string, what: string) => fs.appendFileSync(`${folder}/${file}`, `${what}\n`);
  const me = ctx.invocationId;
  ctx.progress('begins');
  for (let round = 0; !fs.existsSync(`${folder}/end`); round++) {
    const name = locks[Math.floor(Math.random() * locks.length)] as string;
    const held = await shared.lock(name).acquire();
    const inside = `${folder}/inside ${name}`;
    const before = fs.existsSync(inside) ? fs.readFileSync(inside, 'utf8') : '';
    if (held.wasAbandoned) tell('abandoned', name);
    else if (before !== '') tell('violations', `${me} found ${before} inside ${name}`);
    fs.writeFileSync(inside, me);
    if (round % 5 === 0) await null;
    const after = fs.readFileSync(inside, 'utf8');
    if (after !== me) tell('violations', `${me} was joined by ${after} inside ${name}`);
    fs.writeFileSync(inside, '');
    held.release();
    if (round % 1000 === 0) tell('rounds', me);
  }
  return me;
}

testShared(
  'workers that are killed at any moment never let two into what a lock guards',
  workers,
  async (test) => {
    const { project, shared, runtime, isolation } = test;
    const folder = project.path('visits');
    fs.mkdirSync(folder);
    const running = new Set<Invocation<string>>();
    const outcomes: Promise<string>[] = [];
    const start = async () => {
      const invocation = work(test, visit, { folder, locks });
      running.add(invocation);
      outcomes.push(
        invocation
          .then(
            () => 'ended',
            ({ code }) => code as string,
          )
          .finally(() => running.delete(invocation)),
      );
      await stepsOf(invocation)().catch(() => {}); // killed before it told anything
    };
    await Promise.all(Array.from({ length: workers }, start));
    let kills = 0;
    const starting: Promise<void>[] = [];
    for (const end = performance.now() + totalMs; performance.now() < end || kills < fewestKills; ) {
      await delay(20 + Math.random() * 80);
      // A thread can't be killed from outside but by its end: it does not heed the signal.
      const [victim] = [...running].sort(() => Math.random() - 0.5);
      const busy = runtime.stats().workers.filter(({ state }) => state === 'busy');
      const worker = busy[Math.floor(Math.random() * busy.length)];
      if (isolation === 'thread') victim?.cancel();
      else if (worker?.pid !== undefined) process.kill(worker.pid, 'SIGKILL');
      kills++;
      starting.push(start());
      // Where a start takes long some are left to be killed.
      if (starting.length >= workers / 2) await within('the next one', starting.shift() as Promise<void>);
    }
    await within('the last ones', Promise.allSettled(starting));
    fs.writeFileSync(`${folder}/end`, '');
    const settled = await within('every invocation', Promise.all(outcomes));
    const lines = (file: string) =>
      fs.existsSync(`${folder}/${file}`)
        ? fs.readFileSync(`${folder}/${file}`, 'utf8').split('\n').slice(0, -1)
        : [];
    assert.deepEqual(lines('violations'), []);
    const killedAs = isolation === 'thread' ? 'CANCELLED' : 'WORKER_CRASHED';
    assert(
      settled.every((outcome) => outcome === 'ended' || outcome === killedAs),
      settled.join(),
    );
    assert(settled.includes(killedAs) && lines('rounds').length > 0);
    assert(lines('abandoned').length <= kills, `${lines('abandoned').length} of ${kills} kills`);
    for (const name of locks) {
      const held = await within(`the lock ${name}`, shared.lock(name).acquire());
      held.release();
      assert.equal((await shared.lock(name).tryAcquire())?.wasAbandoned, false);
    }
    test.t.diagnostic(
      `${kills} kills, ${lines('abandoned').length} abandoned, ${lines('rounds').length} thousand rounds`,
    );
  },
  { killGrace },
);
