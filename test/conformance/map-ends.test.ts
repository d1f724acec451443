import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { CancelledError, FunctionError, type MapOptions, RuntimeClosedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { asynchronous, Counted, collect, files, nothingIsLeft, pool } from './support-map.ts';

for (const ordered of [true, false]) {
  const how = ordered ? 'in order' : 'without order';

  testEach(
    `the first error ends the iteration ${how}: the rest is cancelled and the source closed`,
    async (_t, open) => {
      const { runtime } = await open({ min: 3, max: 3, killGrace: 50 }, files);
      const source = new Counted((index) => ({
        id: index,
        ms: index === 1 ? 'no number' : index === 0 ? 0 : 600_000,
      }));
      const results: unknown[] = [];
      const iterate = async () => {
        for await (const result of runtime.map('late', source, { ordered, concurrency: 3 }))
          results.push(result);
      };
      const error = await rejectionOf(iterate(), FunctionError);
      assert.equal((error.cause as { code: string }).code, 'ERR_INVALID_ARG_TYPE');
      if (ordered) assert.deepEqual(results, [0]);
      assert.equal(source.closed, 1);
      assert(source.read <= 4, `${source.read} were read`);
      await nothingIsLeft(runtime);
    },
  );

  testEach(
    `with onError the iteration goes on ${how} and is told of each item that fails`,
    async (_t, open) => {
      const { runtime } = await open(pool, files);
      const told: [number, number, unknown][] = [];
      const source = new Counted((index) => index, 10);
      const onError = async (error: Error, item: number, index: number) => {
        await turn();
        assert(error instanceof FunctionError);
        told.push([item, index, (error.cause as { value: unknown }).value]);
      };
      const results = await collect(
        runtime.map('odd', source, { ordered, onError } satisfies MapOptions<number>),
      );
      const evens = [0, 2, 4, 6, 8].map((each) => [each, each, each]);
      const byItem = (list: unknown[]) => (ordered ? list : list.toSorted());
      assert.deepEqual(byItem(results), [1, 3, 5, 7, 9]);
      assert.deepEqual(byItem(told), evens);
    },
  );

  testEach(`what onError throws ends the iteration ${how}`, async (_t, open) => {
    const { runtime } = await open(pool, files);
    const source = new Counted((index) => index);
    const enough = new Error('enough');
    let count = 0;
    const onError = () => {
      if (++count === 3) throw enough;
    };
    assert.equal(await rejectionOf(collect(runtime.map('odd', source, { ordered, onError })), Error), enough);
    assert.equal(source.closed, 1);
    await nothingIsLeft(runtime);
  });

  testEach(`a source that throws ends the iteration ${how}, and nothing runs on`, async (_t, open) => {
    const { runtime } = await open(pool, files);
    for (const wrap of [<Item>(source: Iterable<Item>) => source, asynchronous]) {
      const broken = new Counted((index) => {
        if (index === 3) throw new RangeError('the source broke');
        return { id: index, ms: ordered ? 1 : 600_000 };
      });
      const results: unknown[] = [];
      const iterate = async () => {
        const onError = () => assert.fail('it is no error of an item');
        for await (const each of runtime.map('late', wrap(broken), { ordered, onError })) results.push(each);
      };
      assert.equal((await rejectionOf(iterate(), RangeError)).message, 'the source broke');
      assert.deepEqual(results, ordered ? [0, 1, 2] : []);
      await nothingIsLeft(runtime);
    }
  });
}

testEach('break, return and throw cancel what is out and close the source', async (_t, open) => {
  const { runtime } = await open(pool, files);
  const item = (index: number) => ({ id: index, ms: index === 0 ? 0 : 600_000 });
  const ways: Record<string, (results: AsyncGenerator<unknown>) => Promise<unknown>> = {
    break: async (results) => {
      for await (const result of results) if (result === 0) break;
    },
    'a throw in the loop': async (results) => {
      const loop = async () => {
        for await (const _ of results) throw new RangeError('from the loop');
      };
      await rejectionOf(loop(), RangeError);
    },
    return: async (results) => {
      await results.next();
      assert.deepEqual(await results.return(undefined), { done: true, value: undefined });
    },
    throw: async (results) => {
      await results.next();
      await rejectionOf(results.throw(new RangeError('from outside')), RangeError);
    },
    'return while a result is waited for': async (results) => {
      await results.next();
      const next = results.next();
      assert.equal((await results.return(undefined)).done, true);
      assert.equal((await next).done, true);
    },
    'await using': async (results) => {
      await results.next();
      await results[Symbol.asyncDispose]();
    },
  };
  for (const [name, end] of Object.entries(ways)) {
    const source = new Counted(item);
    const results = runtime.map('late', source);
    await within(name, end(results));
    assert.equal(source.closed, 1, name);
    assert.equal((await results.next()).done, true, name);
    await nothingIsLeft(runtime);
  }
});

testEach('a source that never answers is left alone when the iteration ends', async (_t, open) => {
  const { runtime } = await open(pool, files);
  let returned = 0;
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => {
        returned++;
        return new Promise(() => {});
      },
    }),
  };
  const results = runtime.map('double', silent);
  const next = results.next();
  await within('the end', results.return());
  assert.equal((await within('the next', next)).done, true);
  assert.equal(returned, 1);
});

testEach(
  'a signal ends the iteration at once, also while nobody asks, and keeps no listener',
  async (_t, open) => {
    const { runtime } = await open(pool, files);
    const controller = new AbortController();
    const { signal } = controller;
    const item = (index: number) => ({ id: index, ms: index === 0 ? 0 : 600_000 });
    const [waited, idle] = [new Counted(item), new Counted(item)];
    const iterate = async () => {
      for await (const _ of runtime.map('late', waited, { signal }));
    };
    const idleResults = runtime.map('late', idle, { signal });
    assert.equal((await idleResults.next()).value, 0);
    const rejected = rejectionOf(iterate(), CancelledError);
    await until('both', () => waited.read > 1 && idle.read > 1);
    assert.equal(getEventListeners(signal, 'abort').length, 2);
    const reason = new Error('the user left');
    controller.abort(reason);
    assert.deepEqual([waited.closed, idle.closed], [1, 1]);
    await nothingIsLeft(runtime);
    const error = await rejected;
    assert.equal(error.cause, reason);
    assert.match(error.message, /iteration was cancelled: the user left/);
    assert.equal((await rejectionOf(idleResults.next(), CancelledError)).cause, reason);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    const late = new Counted(item);
    assert.equal(
      (await rejectionOf(collect(runtime.map('late', late, { signal })), CancelledError)).cause,
      reason,
    );
    assert.equal(late.opened, 0);
    const { signal: other } = new AbortController();
    await collect(runtime.map('double', [1], { signal: other }));
    assert.equal(getEventListeners(other, 'abort').length, 0);
  },
);

testEach('a runtime that closes ends an iteration that goes on after errors', async (_t, open) => {
  const { runtime } = await open(pool, files);
  const source = new Counted((index) => index);
  const onError = () => {};
  const iterate = async () => {
    let count = 0;
    for await (const _ of runtime.map('double', source, { onError }))
      if (++count === 50) void runtime.close();
  };
  await rejectionOf(iterate(), RuntimeClosedError);
  assert.equal(source.closed, 1);
  const missing = new Counted((index) => index);
  await assert.rejects(collect(runtime.map('nowhere', missing, { onError })), { code: 'RUNTIME_CLOSED' });
  assert.equal(missing.closed, 1);
});
