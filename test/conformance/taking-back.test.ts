import assert from 'node:assert/strict';
import fs from 'node:fs';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { CancelledError, type Invocation } from 'warm-pool';
import { type Running, rejectionOf } from '../support/open-runtime.ts';
import { deadlineMs, until, within } from '../support/wait.ts';
import { placeOf, testEach } from './support.ts';

const files = {
  'functions/numbered.js': `
    import fs from 'node:fs';
    const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
    export default (id) => { fs.writeSync(runs, id + ';'); return id; };`,
};

const runsIn = ({ project }: Running) =>
  fs.readFileSync(project.path('runs'), 'utf8').split(';').slice(0, -1).map(Number);

/**
 * Where the worker stands still when it has written down that a run begins, and before it looks whether that was taken
 * back. A run that was handed over behind others comes here together with the end of the one before it, of which the
 * runtime has not heard.
 */
const midway = (here: string, time = 1) => ({
  max: 1,
  env: { WARM_POOL_FAIL_AT: `journaled:${time}:${here}` },
});

/** Makes calls with numbers from 0 until the worker stands there. Returns all, and the number of the one in question. */
async function bringMidway(running: Running, here: string) {
  const calls: Invocation<number>[] = [];
  const isThere = () => fs.existsSync(here);
  const hasEnded = ({ status }: Invocation) => status === 'succeeded';
  // Whether ends are sent by the dozen depends on the clock: on a busy machine it may take some rounds.
  await until('the worker to stand there', async () => {
    const first = calls.length;
    for (let id = first; id < first + 200; id++) calls.push(running.runtime.invoke<number>('numbered', id));
    await until('it to stand there, or the end of the round', () => isThere() || calls.every(hasEnded));
    return isThere();
  });
  // One worker runs them in their order: those before it have.
  return { calls, marked: runsIn(running).length };
}

testEach(
  'one that is cancelled after its worker has marked its begin, and before it looks at that, does not run',
  async (t, open) => {
    for (let round = 0; round < 3; round++) {
      const here = placeOf(t);
      const running = await open({ ...midway(here), killGrace: '60s' }, files);
      const { calls, marked } = await bringMidway(running, here);
      const cancelled = calls[marked] as Invocation<number>;
      const ended = rejectionOf(cancelled, CancelledError);
      cancelled.cancel('too late?');
      fs.rmSync(here);
      await ended;
      await within('the others', Promise.all(calls.filter((call) => call !== cancelled)));
      await within('the drain', running.runtime.drain());
      const ids = calls.map((_, id) => id);
      assert.deepEqual(
        runsIn(running),
        ids.filter((id) => id !== marked),
      );
      assert.equal(running.runtime.stats().workers[0]?.id, 1, 'the worker lives');
    }
  },
);

testEach(
  'one that is recalled for a higher priority at that moment runs after it, once, and none is lost',
  async (t, open) => {
    for (let round = 0; round < 3; round++) {
      const here = placeOf(t);
      const running = await open(midway(here), files);
      const { calls, marked } = await bringMidway(running, here);
      const urgent = running.runtime.invoke<number>('numbered', -1, { priority: 'high' });
      fs.rmSync(here);
      assert.equal(await within('the urgent one', urgent), -1);
      const ids = calls.map((_, id) => id);
      assert.deepEqual(await within('the others', Promise.all(calls)), ids);
      assert.deepEqual(runsIn(running), [...ids.slice(0, marked), -1, ...ids.slice(marked)]);
    }
  },
);

testEach(
  'one that is recalled then runs before those behind it, also where a worker is handed many at once',
  async (t, open) => {
    for (let round = 0; round < 6; round++) {
      const here = placeOf(t);
      // So late that the worker is known to be quick: it is handed a hundred and more, within 2 ms of its last result.
      const running = await open(midway(here, 1_500), files);
      const calls: Invocation<number>[] = [];
      const end = performance.now() + deadlineMs;
      while (!fs.existsSync(here)) {
        assert(performance.now() < end, 'the worker stands there in time');
        const left = calls.filter(({ status }) => status !== 'succeeded').length;
        for (let more = left === 0 ? 3_000 : 0; more > 0; more--)
          calls.push(running.runtime.invoke<number>('numbered', calls.length));
        await endOfTurn();
      }
      const marked = runsIn(running).length;
      const urgent = running.runtime.invoke<number>('numbered', -1, { priority: 'high' });
      fs.rmSync(here);
      assert.equal(await within('the urgent one', urgent), -1);
      const ids = calls.map((_, id) => id);
      assert.deepEqual(await within('the others', Promise.all(calls)), ids);
      assert.deepEqual(runsIn(running), [...ids.slice(0, marked), -1, ...ids.slice(marked)]);
    }
  },
);
