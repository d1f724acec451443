import assert from 'node:assert/strict';
import { CancelledError, RuntimeClosedError, type Shared, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, work } from './support.ts';

async function waitFor(shared: Shared, name: string, { ctx }: Tools) {
  const waiting = shared.event(name).wait();
  ctx.progress('waits');
  await waiting;
  return 'went on';
}

testShared(
  'an event that is set lets all go on that wait, and all that come, until it is cleared',
  3,
  async (test) => {
    const { shared } = test;
    const waiting = [work(test, waitFor, 'ready'), work(test, waitFor, 'ready')];
    for (const invocation of waiting) await stepsOf(invocation)();
    const own = shared.event('ready').wait();
    assert.equal(await shared.event('ready').isSet(), false);
    await work(test, (shared) => shared.event('ready').set());
    assert.deepEqual(await within('those who wait', Promise.all(waiting)), ['went on', 'went on']);
    await within('the program', own);
    assert.equal(await work(test, (shared) => shared.event('ready').isSet()), true);
    await within('one who comes', shared.event('ready').wait({ timeout: 1 }));
    assert.equal(await within('one who comes in a worker', work(test, waitFor, 'ready')), 'went on');
    await shared.event('ready').set();
    await work(test, (shared) => shared.event('ready').clear());
    assert.equal(await shared.event('ready').isSet(), false);
    await shared.event('ready').clear();
    const again = work(test, waitFor, 'ready');
    await stepsOf(again)();
    await shared.event('ready').set();
    await within('the next round', again);
  },
);

testShared('an event that is set and cleared at once lets those go on that waited', 2, async (test) => {
  const waiting = work(test, waitFor, 'flash');
  await stepsOf(waiting)();
  const own = test.shared.event('flash').wait();
  void test.shared.event('flash').set();
  void test.shared.event('flash').clear();
  await within('both', Promise.all([waiting, own]));
  await rejectionOf(test.shared.event('flash').wait({ timeout: 20 }), TimeoutError);
});

testShared(
  'a wait for an event ends with its timeout, its signal, its invocation and the runtime',
  2,
  async (test) => {
    const { shared } = test;
    const late = await rejectionOf(shared.event('never').wait({ timeout: 20 }), TimeoutError);
    assert.equal(late.message, 'The event "never" did not come within 20 ms: it has not been set.');
    const reason = new Error('enough');
    const early = await rejectionOf(
      shared.event('never').wait({ signal: AbortSignal.abort(reason) }),
      CancelledError,
    );
    assert.equal(early.cause, reason);
    const code = await work(test, (shared) =>
      shared
        .event('never')
        .wait({ timeout: 20 })
        .then(String, ({ code }) => code as string),
    );
    assert.equal(code, 'TIMEOUT');
    const cancelled = work(test, waitFor, 'never');
    await stepsOf(cancelled)();
    cancelled.cancel();
    await rejectionOf(cancelled, CancelledError);
    const own = rejectionOf(shared.event('never').wait(), RuntimeClosedError);
    await test.runtime.close({ timeout: 0 });
    await own;
  },
);

testShared('what was set stays set when the worker that set it is killed', 1, async (test) => {
  const setting = work(test, async (shared, _none, { die }) => {
    await shared.event('done').set();
    die();
  });
  await rejectionOf(setting, WorkerCrashedError);
  await within('the event', test.shared.event('done').wait());
  const telling = work(test, (shared, _none, { die }) => {
    void shared.event('told').set();
    die();
  });
  await rejectionOf(telling, WorkerCrashedError);
  await within('one that was told by the way', test.shared.event('told').wait());
});
