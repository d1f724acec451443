import assert from 'node:assert/strict';
import { CancelledError } from 'warm-pool';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { Counted, collect, doubles, nothingIsLeft, numbers } from './support-map.ts';
import { files, itemsWith, ordinary, resultsOf } from './support-together.ts';

testEach('toArray gives all results in a list, as a loop does', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  for (const count of [0, 1, 10, 500, 30_000]) {
    const results = await within('all', runtime.map<number>('mixed', numbers(count)).toArray());
    assert.deepEqual(results, doubles(count));
    const unordered = runtime.map<number>('mixed', numbers(count), { ordered: false }).toArray();
    const sorted = (await within('all', unordered)).sort((one, other) => one - other);
    assert.deepEqual(sorted, doubles(count));
  }
  await nothingIsLeft(runtime);
});

testEach('toArray gives what a loop has left over', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const results = runtime.map<number>('mixed', numbers(20_000));
  const first: number[] = [];
  while (first.length < 7_777) first.push((await results.next()).value as number);
  assert.deepEqual([...first, ...(await within('the rest', results.toArray()))], doubles(20_000));
  assert.deepEqual(await within('no more', results.toArray()), []);
});

testEach(
  'toArray rejects with the first error, or gives all but those that `onError` was told of',
  async (_t, open) => {
    const { runtime } = await open({ max: 2 }, files);
    const at = ordinary + 77;
    const items = itemsWith({ [at]: { kind: 'throws', at } });
    await assert.rejects(within('the error', runtime.map('mixed', items).toArray()), new RegExp(`not ${at}`));
    const failed: number[] = [];
    const onError = (_error: Error, _item: unknown, index: number) => void failed.push(index);
    const results = await within('all', runtime.map('mixed', items, { onError }).toArray());
    assert.deepEqual(failed, [at]);
    assert.deepEqual(
      results,
      resultsOf(items, () => undefined).filter((each) => each !== undefined),
    );
    await nothingIsLeft(runtime);
  },
);

testEach('toArray of an endless source ends with its signal', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const controller = new AbortController();
  const source = new Counted((index) => {
    if (index === 30_000) controller.abort(new Error('enough'));
    return index;
  });
  const all = runtime.map('mixed', source, { signal: controller.signal }).toArray();
  await assert.rejects(within('the end', all), CancelledError);
  assert.equal(source.closed, 1);
  await nothingIsLeft(runtime);
  assert.deepEqual(await within('others', collect(runtime.map('mixed', numbers(10)))), doubles(10));
});
