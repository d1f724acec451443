import assert from 'node:assert/strict';
import { CancelledError, type Shared, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, work } from './support.ts';

/** Waits until somebody notifies; tells when it has the lock, and then gives that up. */
async function waitOnce(shared: Shared, who: string, { ctx, die }: Tools) {
  const held = await shared.condition('album').acquire();
  const notified = held.wait();
  ctx.progress('waits');
  if (who === 'killed') {
    await shared.event('die').wait();
    die();
  }
  await notified;
  await shared.queue('went on').put(who);
  held.release();
  return who;
}

testShared('notify lets one go on, notify(2) two, and notifyAll all of them', 4, async (test) => {
  const { shared } = test;
  const album = shared.condition('album');
  const all = [];
  for (const who of ['a', 'b', 'c', 'd']) {
    const waiting = work(test, waitOnce, who);
    await stepsOf(waiting)();
    all.push(waiting);
  }
  const [e, f] = [waitOnce(shared.session(), 'e', own), waitOnce(shared.session(), 'f', own)];
  await within(
    'a turn of the lock',
    album.acquire().then((held) => held.release()),
  );
  const next = () => within('who goes on', shared.queue('went on').get());
  await album.notify();
  assert.equal(await next(), 'a');
  const held = await album.acquire();
  await held.notify(2);
  assert.equal(await shared.queue('went on').tryGet(), undefined, 'who notifies has the lock still');
  held.release();
  assert.deepEqual([await next(), await next()], ['b', 'c']);
  await album.notify(0);
  assert.equal(await shared.queue('went on').tryGet(), undefined);
  await album.notifyAll();
  assert.deepEqual([await next(), await next(), await next()], ['d', 'e', 'f']);
  await within('all of them', Promise.all([...all, e, f]));
  await album.notifyAll();
  const late = work(test, waitOnce, 'late');
  await stepsOf(late)();
  assert.equal(await shared.queue('went on').tryGet(), undefined, 'nobody is notified beforehand');
  await album.notify();
  assert.equal(await within('the late one', late), 'late');
});

/** For a job that the program itself does. */
const own = { ctx: { progress: () => {} } } as unknown as Tools;

testShared('waitFor goes on only when it is so, whoever changed it', 3, async (test) => {
  const { shared } = test;
  const waiting = work(test, async (shared) => {
    const held = await shared.condition('album').acquire();
    const count = async () => (await shared.map<number>('album').get('count')) ?? 0;
    await held.waitFor(async () => (await count()) >= 20);
    held.release();
    return count();
  });
  const adding = async (shared: Shared) => {
    for (let time = 0; time < 10; time++) {
      const held = await shared.condition('album').acquire();
      await shared.map('album').increment('count');
      await held.notifyAll();
      held.release();
    }
  };
  await within('those who add', Promise.all([work(test, adding), adding(shared)]));
  assert.equal(await within('the one who waits', waiting), 20);
  const held = await shared.condition('album').acquire();
  await within(
    'what is so already',
    held.waitFor(() => true),
  );
  await rejectionOf(
    held.waitFor(() => false, { timeout: 20 }),
    TimeoutError,
  );
  await assert.rejects(
    held.waitFor(() => {
      throw new RangeError('as meant');
    }),
    RangeError,
  );
  assert.equal(
    (await shared.lock('condition album').tryAcquire())?.name,
    undefined,
    'it has the lock all the same',
  );
});

testShared('a wait that times out or is cancelled has the lock again', 2, async (test) => {
  const { shared } = test;
  const inVain = async (shared: Shared) => {
    const held = await shared.condition('album', { lock: 'photos' }).acquire();
    const errors: { code: string; message: string; isFree: boolean }[] = [];
    for (const options of [
      { timeout: 20 },
      { signal: AbortSignal.timeout(20) },
      { signal: AbortSignal.abort() },
    ]) {
      const { code, message } = (await held.wait(options).catch((error: unknown) => error)) as TimeoutError;
      const tried = await shared.lock('photos').tryAcquire();
      errors.push({ code, message, isFree: tried !== undefined });
    }
    held.release();
    return errors;
  };
  for (const errors of [await work(test, inVain), await inVain(shared)]) {
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['TIMEOUT', 'CANCELLED', 'CANCELLED'],
    );
    assert(
      errors.every(({ isFree }) => !isFree),
      'the lock is had after each',
    );
    assert.equal(
      errors[0]?.message,
      'The condition "album" was not notified within 20 ms: nobody has done so.',
    );
    for (const { message } of errors) assert.match(message, /^The condition "album" was not notified/);
  }
  (await within('the lock', shared.lock('photos').acquire())).release();
});

testShared('one who waits does not have the lock meanwhile', 2, async (test) => {
  const waiting = work(test, waitOnce, 'a');
  await stepsOf(waiting)();
  const held = await within('the lock', test.shared.condition('album').acquire());
  assert.equal(held.wasAbandoned, false);
  await held.notify();
  held.release();
  await within('who waits', waiting);
});

testShared('a notified one that is killed before it has the lock passes that on', 3, async (test) => {
  const { shared } = test;
  const first = work(test, waitOnce, 'killed');
  await stepsOf(first)();
  const second = work(test, waitOnce, 'second');
  await stepsOf(second)();
  const held = await within('the lock', shared.condition('album').acquire());
  await held.notify();
  await shared.event('die').set();
  await rejectionOf(first, WorkerCrashedError);
  held.release();
  assert.equal(await within('the second', second), 'second');
});

testShared(
  'an invocation that ends while it waits does not keep the lock, nor what it was told',
  2,
  async (test) => {
    const { shared } = test;
    await work(test, async (shared) => {
      void (await shared.condition('album').acquire()).wait().catch(() => {});
    });
    const after = await within('the lock', shared.condition('album').acquire());
    const second = work(test, waitOnce, 'second');
    after.release();
    await stepsOf(second)();
    const held = await within('the lock', shared.condition('album').acquire());
    await held.notify();
    held.release();
    assert.equal(await within('the second', second), 'second');
    const cancelled = work(test, waitOnce, 'cancelled');
    await stepsOf(cancelled)();
    cancelled.cancel();
    await rejectionOf(cancelled, CancelledError);
    (await within('the lock', shared.condition('album').acquire())).release();
  },
);

testShared('an invocation that ends before it has the lock passes on what it was told', 3, async (test) => {
  const { shared } = test;
  const first = work(test, async (shared, _none, { ctx }: Tools) => {
    void (await shared.condition('album').acquire()).wait();
    ctx.progress('waits');
    await shared.event('end').wait();
  });
  await stepsOf(first)();
  const second = work(test, waitOnce, 'second');
  await stepsOf(second)();
  const held = await within('the lock', shared.condition('album').acquire());
  await held.notify();
  await shared.event('end').set();
  await within('the first', first);
  held.release();
  assert.equal(await within('the second', second), 'second');
});

testShared(
  'only who has the lock can wait, and it is given back once, also while it waits',
  1,
  async (test) => {
    const misusing = async (shared: Shared) => {
      const held = await shared.condition('album').acquire();
      held.release();
      const released = await held.wait({ timeout: 1000 }).catch(({ code }) => code);
      const again = await shared.condition('album').acquire();
      const waiting = again.wait({ timeout: 50 }).catch(({ code }) => code);
      const twice = await again.wait().catch(({ code }) => code);
      again.release();
      return [released, twice, await waiting];
    };
    const codes = ['SHARED_CONFLICT', 'SHARED_CONFLICT', 'TIMEOUT'];
    assert.deepEqual(await misusing(test.shared), codes);
    (await within('the lock', test.shared.condition('album').acquire())).release();
    assert.deepEqual(await work(test, misusing), codes);
    const tried = await test.shared.lock('condition album').tryAcquire();
    assert.equal(tried?.wasAbandoned, false);
    for (const count of [-1, 1.5, Number.NaN, 'all']) {
      await assert.rejects(test.shared.condition('album').notify(count as number), TypeError);
    }
    assert.equal(
      await work(test, (shared) =>
        shared
          .condition('album')
          .notify(-1)
          .catch(({ name }) => name),
      ),
      'TypeError',
    );
    assert.throws(() => test.shared.condition('album', { lock: '' }), TypeError);
  },
);

testShared('who has the lock again after a wait is told that it was abandoned meanwhile', 2, async (test) => {
  const waiting = work(test, async (shared, _none, { ctx }: Tools) => {
    const held = await shared.condition('album').acquire();
    const notified = held.wait();
    ctx.progress('waits');
    await notified;
    held.release();
    return held.wasAbandoned;
  });
  await stepsOf(waiting)();
  const killed = work(test, async (shared, _none, { die }) => {
    const held = await shared.condition('album').acquire();
    await held.notify();
    die();
  });
  await rejectionOf(killed, WorkerCrashedError);
  assert.equal(await within('the one who waits', waiting), true);
});
