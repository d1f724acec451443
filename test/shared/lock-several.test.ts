import assert from 'node:assert/strict';
import type { HeldLock, Shared } from 'warm-pool';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, usesUntilQuick, work } from './support.ts';

const orders = ['abc', 'acb', 'bac', 'bca', 'cab', 'cba'];

/** Has three locks and gives back two of them, in this order; then has the second one again. */
async function haveThree(
  shared: Shared,
  { order, uses }: { order: string; uses: number },
  { ctx }: Pick<Tools, 'ctx'>,
) {
  const lock = (name: string) => shared.lock(`${order} ${name}`, { reentrant: true });
  for (let use = 0; use < uses; use++) (await shared.lock('another').acquire()).release();
  const held: Record<string, HeldLock> = {};
  for (const name of ['a', 'b', 'c']) held[name] = await lock(name).acquire();
  for (const name of order.slice(0, 2)) held[name]?.release();
  const again = await lock(order[1] as string).acquire();
  ctx.progress('has two');
  await shared.event(order).wait();
  again.release();
}

for (const uses of [0, usesUntilQuick]) {
  const how = uses === 0 ? 'from the runtime' : 'without a message';

  testShared(`of several locks had ${how} each is given back by itself, in any order`, 1, async (test) => {
    const { shared } = test;
    for (const order of orders) {
      const isFree = async (name = '') => {
        const tried = await shared.lock(`${order} ${name}`).tryAcquire();
        tried?.release();
        return tried && (tried.wasAbandoned ? 'abandoned' : 'free');
      };
      const [first, second, third] = order;
      const having = work(test, haveThree, { order, uses });
      await stepsOf(having)();
      assert.deepEqual(
        [await isFree(first), await isFree(second), await isFree(third)],
        ['free', undefined, undefined],
        order,
      );
      await shared.event(order).set();
      await within('the worker', having);
      assert.deepEqual(
        [await isFree(first), await isFree(second), await isFree(third)],
        ['free', 'free', 'abandoned'],
        order,
      );
    }
  });
}
