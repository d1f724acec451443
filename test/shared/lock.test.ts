import assert from 'node:assert/strict';
import type { Shared } from 'warm-pool';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, usesUntilQuick, work } from './support.ts';

/** A place where the same is asked of the program's side and of a worker's. */
const sides = ['program', 'worker'] as const;

testShared('a lock can be tried for: it is had at once or not at all', 1, async (test) => {
  const { shared } = test;
  const held = await shared.lock('door').tryAcquire();
  assert(held);
  assert.equal(held.wasAbandoned, false);
  assert.equal(held.name, 'door');
  assert.equal((await shared.lock('door').tryAcquire())?.name, undefined);
  const trying = (shared: Shared) => shared.lock('door').tryAcquire().then(Boolean);
  assert.equal(await work(test, trying), false);
  held.release();
  assert.equal(await work(test, trying), true);
  // That invocation has ended without giving it back.
  assert.equal((await shared.lock('door').tryAcquire())?.wasAbandoned, true);
});

testShared('an invocation that ends before it has what it tried for does not keep it', 1, async (test) => {
  await work(test, (shared) => void shared.lock('door').tryAcquire());
  await work(test, (shared) => void shared.lock('gate').acquire());
  await work(test, (shared) => shared.event('later').set());
  for (const name of ['door', 'gate']) {
    (await within(name, test.shared.lock(name).acquire())).release();
  }
});

async function haveTwice(shared: Shared, name: string) {
  const lock = shared.lock(name, { reentrant: true });
  const outer = await lock.acquire();
  const inner = await lock.acquire();
  const tried = await lock.tryAcquire();
  inner.release();
  inner.release();
  outer.release();
  outer.release();
  await shared.event('twice').set();
  await shared.event('go').wait();
  tried?.release();
}

testShared('a reentrant lock is free when it was given back as often as it was had', 1, async (test) => {
  for (const side of sides) {
    const own = test.shared.session('a part of the program');
    const ending = side === 'worker' ? work(test, haveTwice, side) : haveTwice(own, side);
    await within('both', test.shared.event('twice').wait());
    assert.equal(
      (await test.shared.lock(side).tryAcquire())?.name,
      undefined,
      `one of three is left in the ${side}`,
    );
    await test.shared.event('twice').clear();
    await test.shared.event('go').set();
    await ending;
    const after = await test.shared.lock(side).tryAcquire();
    assert.equal(after?.wasAbandoned, false);
    await test.shared.event('go').clear();
  }
});

testShared(
  'a reentrant lock is not had by two parts of the program: each needs a session',
  1,
  async ({ shared }) => {
    assert.throws(() => shared.lock('door', { reentrant: true }), {
      name: 'TypeError',
      message: /expected a session for a lock with `reentrant: true`.*runtime\.shared\.session\(\)/,
    });
    const [one, other] = [shared.session('one'), shared.session('other')];
    const held = await one.lock('door', { reentrant: true }).acquire();
    const again = await one.lock('door', { reentrant: true }).acquire();
    assert.equal((await other.lock('door', { reentrant: true }).tryAcquire())?.name, undefined);
    held.release();
    assert.equal((await other.lock('door', { reentrant: true }).tryAcquire())?.name, undefined);
    again.release();
    assert(await other.lock('door', { reentrant: true }).tryAcquire());
    assert((await shared.lock('gate', { reentrant: false }).tryAcquire()) !== undefined);
  },
  { where: ['process'] },
);

testShared('a lock that is given back twice is not taken from the next one', 2, async (test) => {
  const { shared } = test;
  const first = await shared.lock('door').acquire();
  const second = shared.lock('door').acquire();
  first.release();
  await within('the second', second);
  first.release();
  assert.equal((await shared.lock('door').tryAcquire())?.name, undefined);
  (await second).release();
  // The same where it is had and given back without a message.
  const twice = await work(
    test,
    async (shared, uses) => {
      for (let use = 0; use < uses; use++) (await shared.lock('door').acquire()).release();
      const first = await shared.lock('door').acquire();
      first.release();
      const second = await shared.lock('door').acquire();
      first.release();
      const isStillHeld = (await shared.lock('door').tryAcquire()) === undefined;
      second.release();
      return isStillHeld;
    },
    usesUntilQuick,
  );
  assert.equal(twice, true);
});

testShared(
  'run has the lock for as long as it works, and gives it back also when that throws',
  1,
  async (test) => {
    const running = async (shared: Shared) => {
      const lock = shared.lock('door');
      const during = await lock.run(() => lock.tryAcquire().then((tried) => tried === undefined));
      const thrown = await lock
        .run(() => {
          throw new RangeError('as meant');
        })
        .catch((error: Error) => error.name);
      const after = await lock.tryAcquire();
      after?.release();
      return [during, thrown, after?.wasAbandoned];
    };
    assert.deepEqual(await running(test.shared), [true, 'RangeError', false]);
    assert.deepEqual(await work(test, running), [true, 'RangeError', false]);
  },
);

testShared(
  '`using` and `await using` give a lock back at the end of their block, in a TypeScript function',
  1,
  async ({ runtime, shared }) => {
    const held = await runtime.invoke('blocks');
    assert.deepEqual(held, [true, false, true, false]);
    assert.equal((await shared.lock('door').tryAcquire())?.wasAbandoned, false);
  },
  {
    files: {
      'functions/blocks.ts': `
        import { defineFunction } from 'warm-pool';
        export default defineFunction({
          async handler(_args: unknown, { shared }) {
            const lock = shared.lock('door');
            const isHeld = async () => {
              const tried = await lock.tryAcquire();
              tried?.release();
              return tried === undefined;
            };
            const seen: boolean[] = [];
            {
              await using held = await lock.acquire();
              seen.push(await isHeld());
            }
            seen.push(await isHeld());
            {
              using held = await lock.acquire({ timeout: '5s' });
              seen.push(await isHeld());
            }
            seen.push(await isHeld());
            return seen;
          },
        });`,
    },
  },
);

/** What can't be asked for, and what the error says to that. */
function mistakes(shared: Shared) {
  const any = (value: unknown) => value as never;
  return [
    [() => shared.lock(''), /name of a lock to be a text of 1 to 1000 characters, got '' \(string\)/],
    [() => shared.lock(any(5)), /name of a lock .* got 5 \(number\)/],
    [() => shared.lock(any(undefined)), /name of a lock .* got nothing/],
    [() => shared.lock('x'.repeat(1001)), /name of a lock to be a text of 1 to 1000/],
    [() => shared.lock('a', any({ reentrent: true })), /no option `reentrent`.*reentrant/],
    [
      () => shared.lock('a', any({ reentrant: 'yes' })),
      /`reentrant` of a lock to be .* got 'yes' \(string\)/,
    ],
    [() => shared.lock('a', any(null)), /options of `shared.lock` to be an object, got null/],
    [() => shared.lock('a').acquire({ timeout: -1 }), /`timeout` option of `acquire` .* got -1 \(number\)/],
    [() => shared.lock('a').acquire({ timeout: 'soon' }), /`timeout` option of `acquire` .* got 'soon'/],
    [() => shared.lock('a').acquire(any({ timeOut: 1 })), /`acquire` has no option `timeOut`.*timeout/],
    [
      () => shared.lock('a').acquire(any({ signal: {} })),
      /`signal` option of `acquire` to be an AbortSignal/,
    ],
    [() => shared.lock('a').acquire(any(null)), /options of `acquire` to be an object, got null/],
  ] as const;
}

testShared('what a lock can not be, or be asked for, is a TypeError that says so', 1, async (test) => {
  for (const [ask, message] of mistakes(test.shared)) {
    await assert.rejects(async () => void (await ask()), { name: 'TypeError', message });
  }
  assert((await test.shared.lock('a').tryAcquire()) !== undefined, 'a mistake leaves nothing held');
  const name = await work(test, async (shared) => {
    const calls = [() => shared.lock(''), () => shared.lock('b').acquire({ timeout: -1 })];
    const names: string[] = [];
    for (const call of calls) names.push(await (async () => call())().then(String, (error) => error.name));
    return names;
  });
  assert.deepEqual(name, ['TypeError', 'TypeError']);
});

testShared('an invocation that has ended can not have a lock any more', 1, async (test) => {
  const late = await work(test, async (shared, _none, { ctx }: Tools) => {
    Object.assign(globalThis, { late: shared.lock('gate'), lateName: ctx.functionName });
  });
  assert.equal(late, undefined);
  const error = await work(test, async () => {
    const { late } = globalThis as unknown as { late: ReturnType<Shared['lock']> };
    return late.acquire().then(String, ({ code, message }) => ({ code, message }));
  });
  assert.equal((error as { code: string }).code, 'SHARED_ENDED');
  assert.match((error as { message: string }).message, /"gate".*the invocation of "work" has ended/);
});

testShared(
  'a worker that used locks without messages can also try for them and wait for them',
  2,
  async (test) => {
    const holder = work(
      test,
      async (shared, uses, { ctx }) => {
        const lock = shared.lock('door');
        for (let use = 0; use < uses; use++) (await lock.acquire()).release();
        const held = await lock.acquire();
        ctx.progress('has it');
        await shared.event('go').wait();
        held.release();
        return lock.run(() => 'had it again');
      },
      usesUntilQuick,
    );
    await stepsOf(holder)();
    assert.equal((await test.shared.lock('door').tryAcquire())?.name, undefined);
    assert.equal(await work(test, (shared) => shared.lock('door').tryAcquire().then(Boolean)), false);
    const next = test.shared.lock('door').acquire();
    await test.shared.event('go').set();
    const held = await within('the program', next);
    assert.equal(held.wasAbandoned, false);
    held.release();
    assert.equal(await within('the holder', holder), 'had it again');
  },
);
