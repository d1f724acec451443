import assert from 'node:assert/strict';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { collect } from './support-map.ts';
import { ordinary } from './support-together.ts';

const files = {
  'functions/steps.js': `
    let slow = 0;
    const spin = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
    export default (value, ctx) => {
      if (value === 'slow') { spin(6); return -++slow; }
      if (value === 'count') return slow;
      if (value === 'long') { spin(400); return value; }
      if (value === 'left') return ctx.remainingTime();
      return value;
    };`,
};

const short = Array.from({ length: 2 * ordinary }, (_, index) => index);

testEach(
  'what has a high priority waits for some of those that turn out to be slow, not for all that travel together',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, files);
    for (let round = 0; round < 4; round++) {
      await within('the short ones', collect(runtime.map('steps', short)));
      const items = [...short, ...Array.from({ length: 250 }, () => 'slow')];
      let first = 0;
      let seen: Promise<number> | undefined;
      for await (const result of runtime.map<number>('steps', items)) {
        if (result >= 0 || seen) continue;
        first = -result;
        seen = runtime.invoke<number>('steps', 'count', { priority: 'high' });
      }
      assert(seen);
      const waited = (await within('the other', seen)) - first;
      assert(waited < 30, `it waited for ${waited}`);
    }
  },
);

testEach('each has all of its time, also behind one that took long', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  await within('the short ones', collect(runtime.map('steps', short)));
  for (let round = 0; round < 6; round++) {
    const items: unknown[] = short.slice(0, ordinary + 100 * round);
    items.push('long', ...Array.from({ length: 600 }, () => 'left'));
    let count = 0;
    for await (const result of runtime.map('steps', items, { timeout: 5_000 })) {
      // A program that is busy meanwhile takes nothing back from the worker.
      if (++count === ordinary - 100) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
      // The clock is read after each sixteenth.
      if (count > ordinary + 100 * round + 17) {
        assert((result as number) > 4_700, `${result} ms of 5000 are left of number ${count}`);
      }
    }
  }
});
