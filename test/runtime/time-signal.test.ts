import assert from 'node:assert/strict';
import { TimeoutError } from 'warm-pool';
import { testEach, whoIs } from '../conformance/support.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { cancelRunning, eventsOf, noting } from './support-grace.ts';

const files = {
  'functions/cooperate.js': noting(`
    export default (args, { signal }) =>
      new Promise((resolve, reject) => {
        note('begun');
        signal.addEventListener('abort', () => {
          note([signal.reason.name, signal.reason.message, String(signal.reason.cause)].join(' | '));
          reject(signal.reason);
        });
      });`),
  'functions/fetch.js': noting(`
    import { setTimeout } from 'node:timers/promises';
    export default async (args, { signal }) => {
      note('begun');
      // As fetch and all of Node do it.
      await setTimeout(60_000, null, { signal });
    };`),
};

/** So long that nothing is killed in the time of a test. */
const patient = { max: 1, killGrace: '10 min' };

for (const name of ['cooperate', 'fetch']) {
  testEach(`a function that ends when its signal aborts (${name}) keeps its worker`, async (_t, open) => {
    const running = await open(patient, files);
    for (let round = 0; round < 5; round++) {
      const { before, after } = await cancelRunning(running, name);
      assert.equal(after, before);
    }
  });
}

testEach('the signal of a function carries why: a cancel with its reason, or a timeout', async (_t, open) => {
  const running = await open(patient, files);
  const { runtime } = running;
  await cancelRunning(running, 'cooperate', 'the user left');
  await cancelRunning(running, 'cooperate', new RangeError('too many photos'));
  await cancelRunning(running, 'cooperate');
  await rejectionOf(runtime.invoke('cooperate', undefined, { timeout: 100 }), TimeoutError);
  await whoIs(runtime);
  assert.deepEqual(
    eventsOf(running).filter((event) => event !== 'begun'),
    [
      'CancelledError | The invocation of "cooperate" was cancelled: the user left | the user left',
      'CancelledError | The invocation of "cooperate" was cancelled: too many photos | RangeError: too many photos',
      'CancelledError | The invocation of "cooperate" was cancelled. | undefined',
      'TimeoutError | Function "cooperate" ran longer than its timeout of 100 ms. | undefined',
    ],
  );
});

testEach('a reason that cannot be sent arrives as its text', async (_t, open) => {
  const running = await open(patient, files);
  await cancelRunning(running, 'cooperate', { toString: () => 'the user left' });
  assert.match(eventsOf(running)[1] ?? '', /^\w*Error \| .*was cancelled: the user left/);
});

for (const killGrace of [Infinity, '30 days']) {
  testEach(`with a killGrace of ${killGrace} nothing is killed`, async (_t, open) => {
    const slow = noting(`
      export default async () => {
        note('begun');
        await new Promise((resolve) => setTimeout(resolve, 300));
      };`);
    const running = await open({ max: 1, killGrace }, { 'functions/slow.js': slow });
    const { before, after } = await cancelRunning(running, 'slow');
    assert.equal(after, before);
  });
}
