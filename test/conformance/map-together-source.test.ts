import assert from 'node:assert/strict';
import { CancelledError } from 'warm-pool';
import { within } from '../support/wait.ts';
import { notesOf, testEach } from './support.ts';
import { collect, nothingIsLeft } from './support-map.ts';
import { files, itemsWith, ordinary } from './support-together.ts';

testEach('an item that ends the iteration when it is read keeps those behind it', async (_t, open) => {
  const running = await open({ max: 2 }, files);
  const { runtime } = running;
  await within('the first', collect(runtime.map('mixed', itemsWith({}))));
  const controller = new AbortController();
  const items: unknown[] = itemsWith({});
  items[ordinary] = {
    kind: 'notes',
    get at() {
      controller.abort(new Error('enough'));
      return ordinary;
    },
  };
  for (let at = ordinary + 1; at < ordinary + 200; at++) items[at] = { kind: 'notes', at };
  const results = runtime.map('mixed', items, { signal: controller.signal });
  await assert.rejects(within('the end', collect(results)), CancelledError);
  await nothingIsLeft(runtime);
  assert.deepEqual(notesOf(running), []);
});

for (const ordered of [true, false]) {
  const what = ordered ? 'after all that was read before it' : 'at once';
  testEach(`the error of a source that is read while others are sent is told ${what}`, async (_t, open) => {
    const { runtime } = await open({ max: 2 }, files);
    await within('the first', collect(runtime.map('mixed', itemsWith({}))));
    for (let round = 0; round < 20; round++) {
      const count = ordinary + round * 37;
      const results: unknown[] = [];
      let handedOut = 0;
      const source = failingAfter(count, () => {
        handedOut = results.length;
      });
      const iteration = (async () => {
        for await (const result of runtime.map('mixed', source, { ordered })) results.push(result);
      })();
      await assert.rejects(within('the error', iteration), /^Error: no more$/);
      if (ordered)
        assert.deepEqual(
          results,
          Array.from({ length: count }, (_, index) => 2 * index),
        );
      // One more may have been on its way out.
      else assert(results.length <= handedOut + 1, `${results.length - handedOut} come before it`);
      await nothingIsLeft(runtime);
    }
  });
}

function* failingAfter(count: number, onFailing: () => void): Generator<number> {
  for (let index = 0; index < count; index++) yield index;
  onFailing();
  throw new Error('no more');
}
