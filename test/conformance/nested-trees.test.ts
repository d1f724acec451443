import assert from 'node:assert/strict';
import { CancelledError, TimeoutError } from 'warm-pool';
import { allServe, nestedFunctions, pidsOf } from '../support/nested.ts';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

for (const max of [1, 2]) {
  testEach(`with all ${max} workers waiting, functions call each other five deep`, async (_t, open) => {
    const { runtime } = await open({ max }, nestedFunctions);
    const trees = Array.from({ length: 2 * max }, () => runtime.invoke('tree', { depth: 5 }));
    assert.deepEqual(
      await within('all of them', Promise.all(trees)),
      trees.map(() => 1),
    );
    // max × (1 + depth) is the bound.
    assert(runtime.stats().workers.length <= max * 6, `${runtime.stats().workers.length} workers`);
    await allServe(runtime);
  });

  testEach(`wide trees of calls end too, with ${max} workers, and those are bounded`, async (t, open) => {
    const { runtime } = await open({ max }, nestedFunctions);
    let most = 0;
    const look = setInterval(() => {
      most = Math.max(most, runtime.stats().workers.length);
    }, 5);
    t.after(() => clearInterval(look));
    const trees = Array.from({ length: 6 }, () => runtime.invoke('tree', { depth: 3, width: 3 }));
    const plain = Array.from({ length: 50 }, (_, index) => runtime.invoke('echo', index));
    const high = Array.from({ length: 10 }, () => runtime.invoke('pid', 0, { priority: 'high' }));
    assert.deepEqual(
      await within('the trees', Promise.all(trees)),
      trees.map(() => 27),
    );
    await within('the others', Promise.all([...plain, ...high]));
    clearInterval(look);
    assert(most <= max * 4, `${most} workers`);
    await allServe(runtime);
  });

  testEach(
    `a chain of ${max} × 6 waiting functions is cancelled from the top, and every process serves again`,
    async (_t, open) => {
      const { project, runtime } = await open({ max, killGrace: 100 }, nestedFunctions);
      const chains = Array.from({ length: max }, () => runtime.invoke('chain', { depth: 5 }));
      await until('all of them to run', () => pidsOf(project).length === 6 * max);
      assert.equal(runtime.stats().running, 6 * max);
      for (const chain of chains) chain.cancel('not needed');
      for (const chain of chains)
        assert.equal((await rejectionOf(chain, CancelledError)).cause, 'not needed');
      await within('the drain', runtime.drain());
      const { cancelled, invocations } = infoOf(runtime, 'chain').stats;
      assert.deepEqual([cancelled, invocations], [6 * max, 6 * max]);
      await allServe(runtime);
    },
  );
}

for (const how of ['wait', 'spin']) {
  testEach(`a parent that times out takes all that it has called along (${how})`, async (_t, open) => {
    const { runtime } = await open({ max: 2, killGrace: 50 }, nestedFunctions);
    // So that all of them have begun by then.
    await runtime.invoke('tree', { depth: 3 });
    const chain = runtime.invoke('chain', { depth: 3, how }, { timeout: 3_000 });
    await rejectionOf(chain, TimeoutError);
    await within('the drain', runtime.drain());
    const { timedOut, cancelled, failed, invocations } = infoOf(runtime, 'chain').stats;
    assert.equal(timedOut + cancelled + failed, invocations);
    assert.equal(invocations, 4);
    await allServe(runtime);
  });
}
