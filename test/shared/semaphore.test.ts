import assert from 'node:assert/strict';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError, type Shared, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, work } from './support.ts';

const three = { permits: 3 };

interface Visits {
  readonly folder: string;
  readonly who: string;
  readonly times: number;
}

/** Goes in and out of a folder, and returns how many have been there at once. */
async function visit(
  shared: Shared,
  { folder, who, times }: Visits,
  { fs, delay }: Pick<Tools, 'fs' | 'delay'>,
) {
  let most = 0;
  for (let time = 0; time < times; time++) {
    const permit = await shared.semaphore('desks', { permits: 3 }).acquire();
    fs.writeFileSync(`${folder}/${who}`, '');
    await delay(time % 3);
    most = Math.max(most, fs.readdirSync(folder).length);
    fs.rmSync(`${folder}/${who}`);
    permit.release();
  }
  return most;
}

testShared('a semaphore never has more in than it has permits, and that many', 5, async (test) => {
  const folder = test.project.path('desks');
  fs.mkdirSync(folder);
  const times = 150;
  const invocations = Array.from({ length: 5 }, (_, index) =>
    work(test, visit, { folder, who: `w${index}`, times }),
  );
  const own = visit(
    test.shared,
    { folder, who: 'program', times },
    { fs, delay: async (ms) => void (await delay(ms)) },
  );
  const most = await within('all of them', Promise.all([...invocations, own]), 60_000);
  assert.equal(Math.max(...most), 3);
});

testShared(
  'the permit of a killed holder comes back, and the one who has it next is told',
  3,
  async (test) => {
    const desks = test.shared.semaphore('desks', { permits: 2 });
    const own = await desks.acquire();
    const holder = work(test, async (shared, _none, { ctx, die }) => {
      await shared.semaphore('desks').acquire();
      ctx.progress('has it');
      await shared.event('go').wait();
      die();
    });
    await stepsOf(holder)();
    assert.equal((await desks.tryAcquire())?.name, undefined);
    const waiting = desks.acquire();
    await test.shared.event('go').set();
    await rejectionOf(holder, WorkerCrashedError);
    const next = await within('its permit', waiting);
    assert.equal(next.wasAbandoned, true);
    own.release();
    assert.equal((await within('the other permit', desks.acquire())).wasAbandoned, false);
    next.release();
    assert.equal((await desks.tryAcquire())?.wasAbandoned, false);
    assert.equal((await desks.tryAcquire())?.name, undefined);
  },
);

testShared('so does that of an invocation that ends with it, or before it has it', 2, async (test) => {
  const desk = test.shared.semaphore('desk');
  for (const end of ['returns', 'throws', 'is gone before'] as const) {
    const holder = work(
      test,
      async (shared, end) => {
        const asked = shared.semaphore('desk').acquire();
        if (end === 'is gone before') return;
        await asked;
        if (end === 'throws') throw new Error('as meant');
      },
      end,
    );
    await within('the holder', Promise.allSettled([holder]));
    const next = await within('its permit', desk.acquire());
    assert.equal(next.wasAbandoned, true, end);
    next.release();
    assert.equal(await desk.run(({ wasAbandoned }) => wasAbandoned), false);
  }
});

testShared('permits are had in the order of those who ask, and by nobody who gave up', 2, async (test) => {
  const desk = test.shared.semaphore('desk', { permits: 2 });
  const held = [await desk.acquire(), await desk.acquire()];
  const order: string[] = [];
  const waiting = [
    work(test, async (shared, _none, { ctx }: Tools) => {
      const asked = shared.semaphore('desk').acquire();
      ctx.progress('asked');
      (await asked).release();
    }),
  ] as const;
  waiting[0].then(() => order.push('worker'));
  await stepsOf(waiting[0])();
  const late = await rejectionOf(desk.acquire({ timeout: 20 }), TimeoutError);
  assert.equal(
    late.message,
    'The semaphore "desk" gave no permit within 20 ms: all of its 2 permits are taken.',
  );
  const reason = new Error('enough');
  const controller = new AbortController();
  const cancelled = rejectionOf(desk.acquire({ signal: controller.signal }), CancelledError);
  const last = desk.acquire().then((permit) => {
    order.push('program');
    return permit;
  });
  controller.abort(reason);
  assert.equal((await cancelled).cause, reason);
  held[0]?.release();
  await within('the worker', waiting[0]);
  await within('the program', last);
  assert.deepEqual(order.sort(), ['program', 'worker']);
  assert.equal(
    (await desk.tryAcquire())?.name,
    undefined,
    'one was kept from the beginning, the other is had by the last',
  );
});

testShared('a permit that is given back twice is one permit', 1, async ({ shared }) => {
  const desk = shared.semaphore('desk', { permits: 2 });
  const permit = await desk.acquire();
  permit.release();
  permit.release();
  assert(await desk.tryAcquire());
  assert(await desk.tryAcquire());
  assert.equal((await desk.tryAcquire())?.name, undefined);
});

testShared('a semaphore with bounded: false can be added to, and no other', 1, async (test) => {
  const growing = { permits: 1, bounded: false };
  const adding = async (shared: Shared, growing: { permits: number; bounded: boolean }) => {
    await shared.semaphore('growing', growing).add();
    await shared.semaphore('growing').add();
  };
  await work(test, adding, growing);
  const had = await Promise.all([1, 2, 3, 4].map(() => test.shared.semaphore('growing').tryAcquire()));
  assert.deepEqual(had.map(Boolean), [true, true, true, false]);
  for (const permit of had) permit?.release();
  assert.equal(await test.shared.semaphore('growing').run(() => 'still there'), 'still there');
  const conflict = {
    code: 'SHARED_CONFLICT',
    message: /"fixed" has a fixed number of permits.*bounded: false/,
  };
  await assert.rejects(test.shared.semaphore('fixed').add(), conflict);
  await test.shared.semaphore('fixed', three).acquire();
  await assert.rejects(test.shared.semaphore('fixed').add(), conflict);
  assert.equal(
    await work(test, (shared) =>
      shared
        .semaphore('fixed')
        .add()
        .catch(({ code }) => code),
    ),
    'SHARED_CONFLICT',
  );
});

testShared('who says otherwise of a semaphore than the first one is told so', 1, async (test) => {
  // Also when nobody has a permit any more.
  (await test.shared.semaphore('desks', three).acquire()).release();
  const conflict = { code: 'SHARED_CONFLICT', message: /"desks" has `permits` 3, and was asked for with 2/ };
  await assert.rejects(test.shared.semaphore('desks', { permits: 2 }).acquire(), conflict);
  await assert.rejects(test.shared.semaphore('desks', { permits: 2 }).tryAcquire(), conflict);
  await assert.rejects(test.shared.semaphore('desks', { bounded: false }).acquire(), {
    message: /has `bounded` true/,
  });
  const inWorker = await work(test, async (shared) => {
    const permits = [await shared.semaphore('desks').acquire(), await shared.semaphore('desks').acquire()];
    const code = await shared
      .semaphore('desks', { permits: 1 })
      .acquire()
      .catch(({ code }) => code);
    for (const permit of permits) permit.release();
    return code;
  });
  assert.equal(inWorker, 'SHARED_CONFLICT');
});

testShared('what a semaphore can not be is a TypeError, and its worker lives', 1, async (test) => {
  const mistakes = (shared: Shared) => {
    const any = (value: unknown) => value as never;
    return [
      () => shared.semaphore(''),
      () => shared.semaphore('a', { permits: 0 }),
      () => shared.semaphore('a', { permits: 1.5 }),
      () => shared.semaphore('a', { permits: any('3') }),
      () => shared.semaphore('a', { bounded: any('no') }),
      () => shared.semaphore('a', any({ permit: 2 })),
      () => shared.semaphore('a').acquire({ timeout: 0 }),
    ];
  };
  for (const ask of mistakes(test.shared))
    await assert.rejects(async () => void (await ask()), TypeError, String(ask));
  assert.throws(
    () => test.shared.semaphore('a', { permits: 0 }),
    /`permits` of a semaphore .* whole number from 1, got 0/,
  );
  const names = await work(
    test,
    async (shared, mistakes) => {
      const asks = new Function('__name', `return ${mistakes}`)((named: unknown) => named)(
        shared,
      ) as (() => unknown)[];
      return Promise.all(asks.map((ask) => (async () => ask())().then(String, ({ name }) => name)));
    },
    String(mistakes),
  );
  assert.deepEqual(
    names,
    names.map(() => 'TypeError'),
  );
});
