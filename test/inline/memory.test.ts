import assert from 'node:assert/strict';
import { testEach } from '../conformance/support.ts';
import { within } from '../support/wait.ts';
import { written } from './support-written.ts';

/** What a worker's heap holds that is in use, in bytes. */
const heap = written<() => Promise<number>>(`async () => {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let time = 0; time < 4; time++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return process.memoryUsage().heapUsed;
}`);

testEach('functions that have run once take no memory of their worker for ever', async (t, open) => {
  const { runtime } = await open({ min: 1, max: 1 }, {});
  const runMany = async (from: number, to: number) => {
    for (let first = from; first < to; first += 500) {
      const fns = Array.from({ length: 500 }, (_, index) =>
        written<(a: number) => number>(`(a) => a + ${first + index}`),
      );
      const sums = await within('all of them', Promise.all(fns.map((fn) => runtime.run(fn, 1))));
      assert.deepEqual(
        sums,
        fns.map((_, index) => first + index + 1),
      );
    }
  };
  await runMany(0, 4_000);
  const before = await runtime.run(heap);
  await runMany(4_000, 16_000);
  const grown = (await runtime.run(heap)) - before;
  t.diagnostic(`${Math.round(grown / 1024)} KB more after 12,000 functions`);
  assert(grown < 4 * 2 ** 20, `${grown} bytes more`);
});
