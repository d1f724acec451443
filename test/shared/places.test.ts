import assert from 'node:assert/strict';
import { FunctionError, type Invocation, type Shared, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { type SharingTest, stepsOf, testShared, told, work } from './support.ts';

const max = 2;

/** What a function can wait for, how it does, and what lets it go on: once for each that waits. */
const waits: Record<
  string,
  { wait(shared: Shared): Promise<unknown>; goOn(shared: Shared): Promise<unknown> }
> = {
  'an event': {
    wait: (shared) => shared.event('go').wait(),
    goOn: (shared) => shared.event('go').set(),
  },
  'a lock': {
    wait: (shared) => shared.lock('door').run(() => {}),
    goOn: (shared) => shared.event('open the door').set(),
  },
  'a permit': {
    wait: (shared) => shared.semaphore('go', { permits: 1, bounded: false }).acquire(),
    goOn: (shared) => shared.semaphore('go').add(),
  },
  'a condition': {
    wait: async (shared) => {
      const held = await shared.condition('go').acquire();
      await held.wait();
      held.release();
    },
    goOn: (shared) => shared.condition('go').notifyAll(),
  },
  'an item of a queue': {
    wait: (shared) => shared.queue('go').get(),
    goOn: (shared) => shared.queue('go').put('item'),
  },
  'room in a queue': {
    wait: (shared) => shared.queue('go', { maxSize: 1 }).put('item'),
    goOn: (shared) => shared.queue('go').get(),
  },
};

for (const [what, { wait, goOn }] of Object.entries(waits)) {
  testShared(
    `functions that wait for ${what} leave their places to the one that they wait for`,
    max,
    async (test) => {
      const { shared } = test;
      const door = await shared.lock('door').acquire();
      void shared
        .event('open the door')
        .wait()
        .then(() => door.release())
        .catch(() => {});
      await shared.semaphore('go', { permits: 1, bounded: false }).acquire();
      if (what === 'room in a queue') await shared.queue('go', { maxSize: 1 }).put('first');
      const all: Invocation<unknown>[] = [];
      for (let index = 0; index < max; index++) {
        const job = `async (shared, _none, { ctx }) => {
          const waiting = (${method(wait)})(shared);
          ctx.progress('waits');
          await waiting;
        }`;
        all.push(...(await told(work(test, job as never))));
      }
      await within(
        'the one that lets the others go on',
        work(
          test,
          `async (shared) => { for (let time = 0; time < ${max}; time++) await (${method(goOn)})(shared); }` as never,
        ),
      );
      await within('all of them', Promise.all(all));
    },
  );
}

/** The text of a method of an object, as that of a function. */
function method(of: (shared: Shared) => unknown): string {
  return String(of);
}

/** How many run at once, most, until these have ended. */
async function mostAtOnce({ runtime }: SharingTest, all: readonly Promise<unknown>[]): Promise<number> {
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, runtime.stats().running);
  }, 2);
  await within('all of them', Promise.allSettled(all));
  clearInterval(look);
  return most;
}

testShared('so many functions as twice the workers can meet at a barrier, and no more', max, async (test) => {
  const { shared, runtime } = test;
  const meet = (shared: Shared, parties: number) =>
    shared.barrier(`of ${parties}`, { parties }).wait({ timeout: parties === 4 ? '30s' : '1s' });
  const four = Array.from({ length: 2 * max }, () => work(test, meet, 2 * max));
  const places = await within('all four', Promise.all(four));
  assert.deepEqual(places.toSorted(), [0, 1, 2, 3]);
  const five = Array.from({ length: 2 * max + 1 }, () => work(test, meet, 2 * max + 1));
  await until('four that wait', async () => {
    const { waiting } = await shared.barrier('of 5', { parties: 5 }).look();
    return waiting === 4;
  });
  assert.equal(runtime.stats().workers.filter(({ state }) => state === 'busy').length, 2 * max);
  assert.equal(runtime.stats().queued, 1);
  await rejectionOf(Promise.race(five), FunctionError);
  await within('all five', Promise.allSettled(five));
});

testShared('who goes on has its place back, and no more than `max` run', max, async (test) => {
  const { shared } = test;
  const computing = async (shared: Shared) => {
    await shared.event('go').wait();
    const end = Date.now() + 30;
    while (Date.now() < end);
  };
  const waiting = Array.from({ length: 2 * max }, () => work(test, computing));
  await until('all of them at work', () => test.runtime.stats().running === 2 * max);
  await shared.event('go').set();
  await within('those that waited', Promise.all(waiting));
  // From now on there are as many places as there were.
  await shared.event('go').clear();
  const one = work(test, (shared) => shared.event('go').wait());
  await until('it waits', () => test.runtime.stats().running === 1);
  await shared.event('go').set();
  await within('it', one);
  const later = Array.from({ length: 20 }, () => work(test, computing));
  assert((await mostAtOnce(test, later)) <= max);
});

testShared('one that is killed, late or ended while it waits has no place any more', 1, async (test) => {
  const { runtime } = test;
  const killed = work(test, async (shared, _none, { ctx, die }) => {
    void shared.event('never').wait();
    ctx.progress('waits');
    await shared.event('die').wait();
    die();
  });
  await stepsOf(killed)();
  await within(
    'the one in its place',
    work(test, (shared) => shared.event('die').set()),
  );
  await rejectionOf(killed, WorkerCrashedError);
  const late = work(test, (shared) => shared.event('never').wait(), undefined, { timeout: 200 });
  await rejectionOf(late, TimeoutError);
  const forgotten = work(test, (shared) => void shared.event('never').wait());
  await within('one that leaves its wait behind', forgotten);
  const first = work(test, (shared) => shared.event('go').wait());
  await within(
    'the next',
    work(test, (shared) => shared.event('go').set()),
  );
  await within('the first', first);
  assert.equal(runtime.stats().running, 0);
});

testShared(
  'a limit of the function is for those that do not wait',
  3,
  async (test) => {
    const invoke = (args: object) => test.runtime.invoke<string>('limited', args);
    const waiting = invoke({ waits: true });
    await within('one more of it', invoke({ waits: false }));
    assert.equal(await within('the one that waited', waiting), 'waited');
    const later = Array.from({ length: 5 }, () => invoke({ waits: false }));
    assert.equal(await mostAtOnce(test, later), 1, 'of those that come later, one has it back');
  },
  {
    files: {
      'functions/limited.js': `
      export const config = { concurrency: 1 };
      export default async ({ waits }, { shared }) => {
        if (!waits) {
          await shared.event('go').set();
          await new Promise((resolve) => setTimeout(resolve, 50));
          return;
        }
        await shared.event('go').wait();
        return 'waited';
      };`,
    },
  },
);

testShared('what one that has ended waits for still is no wait of the next one', 1, async (test) => {
  const { shared } = test;
  const first = work(test, async (shared, _none, { ctx }) => {
    const album = await shared.condition('album').acquire();
    void album.wait();
    ctx.progress('waits');
    await shared.event('end').wait();
  });
  await stepsOf(first)();
  const album = await within('the lock', shared.condition('album').acquire());
  // It is to have the lock again, which it can't.
  await album.notify();
  await shared.event('end').set();
  await within('the first', first);
  const delaying = () => work(test, (_shared, _none, { delay }) => delay(600));
  const later = [delaying(), delaying()];
  assert.equal(await mostAtOnce(test, later), 1);
  album.release();
});
