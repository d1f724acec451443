import assert from 'node:assert/strict';
import { DeadlockError, type Shared } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { type SharingTest, stepsOf, type Tools, testShared, usesUntilQuick, work } from './support.ts';

interface Order {
  readonly who: string;
  readonly first: string;
  readonly second: string;
  readonly uses: number;
}

/** Has one lock, waits to be told, then asks for the other. */
async function haveBoth(shared: Shared, { who, first, second, uses }: Order, { ctx }: Pick<Tools, 'ctx'>) {
  for (let use = 0; use < uses; use++) (await shared.lock(first).acquire()).release();
  const one = await shared.lock(first).acquire();
  ctx.progress('has one');
  await shared.event(who).wait();
  const asked = shared.lock(second).acquire();
  ctx.progress('asks');
  try {
    const two = await asked;
    two.release();
    return 'had both';
  } catch (error) {
    const { name, code, message, cycle } = error as DeadlockError;
    return { name, code, message, cycle };
  } finally {
    one.release();
  }
}

/** Invocations that each have a lock, and then ask for that of the next. */
async function closeCycle(test: SharingTest, count: number, uses: number) {
  const all = [];
  for (let index = 0; index < count; index++) {
    const order = {
      who: `who ${index}`,
      first: `lock ${index}`,
      second: `lock ${(index + 1) % count}`,
      uses,
    };
    const invocation = work(test, haveBoth, order);
    const step = stepsOf(invocation);
    assert.equal(await step(), 'has one');
    all.push({ invocation, step, label: `"work" (${invocation.id})` });
  }
  for (const [index, { step }] of all.entries()) {
    await test.shared.event(`who ${index}`).set();
    assert.equal(await step(), 'asks');
  }
  return all;
}

for (const [count, uses] of [
  [2, 0],
  [3, 0],
  [2, usesUntilQuick],
] as const) {
  const how = uses > 0 ? ' with locks that were had without messages' : '';
  testShared(
    `a deadlock of ${count} invocations${how} is told the one who closed it, and the others go on`,
    count,
    async (test) => {
      const all = await closeCycle(test, count, uses);
      const last = all.at(-1);
      const told = (await within('the last', last?.invocation as Promise<unknown>)) as DeadlockError;
      assert.equal(told.name, 'DeadlockError');
      assert.equal(told.code, 'DEADLOCK');
      const labels = all.map(({ label }) => label);
      const cycle = labels.map((label, index) => ({
        waits: label,
        lock: `lock ${(index + 1) % count}`,
        holder: labels[(index + 1) % count],
      }));
      assert.deepEqual(told.cycle, [...cycle.slice(-1), ...cycle.slice(0, -1)]);
      for (const { waits, lock, holder } of cycle) {
        const step = `${waits} waits for "${lock}", which ${holder} holds`;
        assert(told.message.includes(step), told.message);
      }
      for (const { invocation } of all.slice(0, -1))
        assert.equal(await within('the others', invocation), 'had both');
    },
  );
}

testShared('a deadlock of an invocation and a session is told the one who closed it', 2, async (test) => {
  for (const closes of ['session', 'invocation'] as const) {
    const session = test.shared.session(`session that meets the ${closes}`);
    await test.shared.event('go').clear();
    const own = await session.lock('b').acquire();
    const invocation = work(test, haveBoth, { who: 'go', first: 'a', second: 'b', uses: 0 });
    const step = stepsOf(invocation);
    await step();
    const askToo = () => session.lock('a').acquire();
    if (closes === 'session') {
      await test.shared.event('go').set();
      await step();
      const error = await rejectionOf(askToo(), DeadlockError);
      const label = `"work" (${invocation.id})`;
      const cycle = [
        { waits: 'session that meets the session', lock: 'a', holder: label },
        { waits: label, lock: 'b', holder: 'session that meets the session' },
      ];
      assert.deepEqual(error.cycle, cycle);
      own.release();
      assert.equal(await within('the invocation', invocation), 'had both');
    } else {
      const asked = askToo();
      await test.shared.event('go').set();
      assert.equal(((await within('the invocation', invocation)) as DeadlockError).code, 'DEADLOCK');
      (await within('the session', asked)).release();
      own.release();
    }
    session.end();
  }
});

testShared(
  'an error of a deadlock is a DeadlockError in the function as well',
  1,
  async ({ shared, runtime }) => {
    const session = shared.session('a session');
    const own = await session.lock('b').acquire();
    const invocation = runtime.invoke<boolean>('meets');
    await within('its lock', shared.event('has a').wait());
    const asked = session.lock('a').acquire();
    await shared.event('go').set();
    assert.equal(await within('the function', invocation), true);
    (await asked).release();
    own.release();
  },
  {
    files: {
      'functions/meets.js': `
      import { DeadlockError } from 'warm-pool';
      export default async (_args, { shared }) => {
        const held = await shared.lock('a').acquire();
        await shared.event('has a').set();
        await shared.event('go').wait();
        try {
          await shared.lock('b').acquire();
        } catch (error) {
          return error instanceof DeadlockError && error.cycle.length === 2;
        }
      };`,
    },
  },
);

testShared("two flows of one invocation that wait for each other's lock are no deadlock", 1, async (test) => {
  const flows = async (shared: Shared) => {
    const first = await shared.lock('a').acquire();
    const second = shared.lock('a').acquire({ timeout: '20s' });
    await shared.event('anything').set();
    first.release();
    (await second).release();
    return 'both';
  };
  assert.equal(await within('the invocation', work(test, flows)), 'both');
  assert.equal(await within('the session', flows(test.shared.session('a part'))), 'both');
});

testShared(
  'parts of the program that share no session are never told of a deadlock',
  1,
  async ({ shared, runtime }) => {
    const ours = await shared.lock('a').acquire();
    const invocation = work({ runtime }, haveBoth, { who: 'go', first: 'b', second: 'a', uses: 0 });
    const step = stepsOf(invocation);
    await step();
    await shared.event('go').set();
    await step();
    // Another part waits for what the invocation has; the first one will give back what that waits for.
    const other = shared.lock('b').acquire({ timeout: '20s' });
    ours.release();
    assert.equal(await within('the invocation', invocation), 'had both');
    (await within('the other part', other)).release();
  },
);

testShared('a long line for locks in the same order is no deadlock', 4, async (test) => {
  const inOrder = async (shared: Shared, turns: number) => {
    for (let turn = 0; turn < turns; turn++) {
      const a = await shared.lock('a').acquire();
      const b = await shared.lock('b').acquire();
      const c = await shared.lock('c').acquire();
      for (const held of turn % 2 ? [a, b, c] : [c, a, b]) held.release();
    }
  };
  const sessions = Array.from({ length: 3 }, () => inOrder(test.shared.session(), 100));
  const invocations = Array.from({ length: 4 }, () => work(test, inOrder, 300));
  await within('all of them', Promise.all([...sessions, ...invocations]), 60_000);
});
