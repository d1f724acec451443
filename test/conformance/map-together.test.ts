import assert from 'node:assert/strict';
import fs from 'node:fs';
import { FunctionError, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { keepLines } from '../support/log-lines.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { collect, nothingIsLeft } from './support-map.ts';
import { files, type Item, itemsWith, ordinary, resultsOf, type Special } from './support-together.ts';

const at = ordinary + 500;

/** Of the items of a map that failed: which, and how. */
function failures() {
  const seen: { error: Error; item: Item; index: number }[] = [];
  const onError = (error: Error, item: Item, index: number) => void seen.push({ error, item, index });
  return { seen, onError };
}

for (const ordered of [true, false]) {
  const how = ordered ? 'in order' : 'as they are ready';
  testEach(
    `of short items that travel together one that throws concerns itself alone, ${how}`,
    async (_t, open) => {
      const { runtime } = await open({ max: 2 }, files);
      const special = {
        [at]: { kind: 'throws', at },
        [at + 1]: { kind: 'throws', at: at + 1 },
        [at + 90]: { kind: 'throws', at: at + 90 },
      };
      const items = itemsWith(special);
      const { seen, onError } = failures();
      const results = await within('all', collect(runtime.map('mixed', items, { ordered, onError })));
      const expected = resultsOf(items, () => undefined).filter((each) => each !== undefined);
      if (!ordered) results.sort((one, other) => (one as number) - (other as number));
      assert.deepEqual(results, expected);
      seen.sort((one, other) => one.index - other.index);
      assert.deepEqual(
        seen.map(({ index, item }) => [index, item]),
        Object.entries(special).map(([index, item]) => [Number(index), item]),
      );
      for (const { error, index } of seen) {
        assert(error instanceof FunctionError, String(error));
        assert.match(error.message, new RegExp(`not ${index}`));
      }
      const { invocations, succeeded, failed } = runtime.stats().functions.mixed ?? assert.fail();
      assert.deepEqual([invocations, succeeded, failed], [items.length, items.length - 3, 3]);
      await nothingIsLeft(runtime);
    },
  );

  testEach(
    `one that ends its worker is the only one that fails, and the others run once, ${how}`,
    async (_t, open) => {
      const { runtime, project } = await open({ max: 2 }, files);
      const near = Array.from({ length: 21 }, (_, index) => at - 10 + index);
      const special = Object.fromEntries(
        near.map((each) => [each, { kind: each === at ? 'dies' : 'notes', at: each }]),
      );
      const items = itemsWith(special);
      const { seen, onError } = failures();
      const results = await within('all', collect(runtime.map('mixed', items, { ordered, onError })));
      assert.deepEqual(
        seen.map(({ index }) => index),
        [at],
      );
      assert(seen[0]?.error instanceof WorkerCrashedError, String(seen[0]?.error));
      const expected = resultsOf(items, ({ kind, at: own }) => (kind === 'dies' ? undefined : own)).filter(
        (each) => each !== undefined,
      );
      assert.deepEqual(results.toSorted(byNumber), expected.toSorted(byNumber));
      const notes = fs.readFileSync(project.path('notes'), 'utf8').split(';').slice(0, -1).map(Number);
      assert.deepEqual(
        notes.toSorted(byNumber),
        near.filter((each) => each !== at),
      );
      await nothingIsLeft(runtime);
    },
  );
}

testEach('what has ended in a worker that dies comes as it is, whatever it is', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const values = [
    1.5,
    'größe',
    -1e-7,
    0,
    true,
    { a: [1, 'b'] },
    1e21,
    Number.MAX_SAFE_INTEGER,
    '',
    null,
    5e-324,
  ];
  const mixed = values.map((value): Special => ({ kind: 'gives', value }));
  for (const special of [mixed, mixed.toReversed(), mixed.filter(({ value }) => typeof value === 'number')]) {
    const items = itemsWith(
      Object.fromEntries([...special, { kind: 'dies' }].map((item, offset) => [at + offset, item])),
    );
    const { seen, onError } = failures();
    const results = await within('all', collect(runtime.map('mixed', items, { onError })));
    const dying = at + special.length;
    assert.deepEqual(
      seen.map(({ index }) => index),
      [dying],
    );
    assert.deepEqual(
      results,
      resultsOf(items.toSpliced(dying, 1), ({ value }) => value),
    );
  }
  await nothingIsLeft(runtime);
});

const byNumber = (one: unknown, other: unknown) => (one as number) - (other as number);

testEach(
  'without `onError` the first error ends the iteration, after the results before it',
  async (_t, open) => {
    const { runtime } = await open({ max: 2 }, files);
    const items = itemsWith({ [at]: { kind: 'throws', at } });
    const results: unknown[] = [];
    const iteration = (async () => {
      for await (const result of runtime.map('mixed', items)) results.push(result);
    })();
    await assert.rejects(within('the error', iteration), new RegExp(`not ${at}`));
    assert.deepEqual(
      results,
      resultsOf(items.slice(0, at), () => undefined),
    );
    await nothingIsLeft(runtime);
  },
);

testEach('the time of one that takes too long runs out, and nobody else is held up', async (_t, open) => {
  const { runtime } = await open({ max: 2, killGrace: 50 }, files);
  const items = itemsWith({ [at]: { kind: 'spins' }, [at + 1]: { kind: 'notes', at: at + 1 } });
  const { seen, onError } = failures();
  const results = runtime.map('mixed', items, { ordered: false, onError, timeout: 2_000 });
  const all = await within('all', collect(results), 30_000);
  assert.deepEqual(
    seen.map(({ index }) => index),
    [at],
  );
  assert(seen[0]?.error instanceof TimeoutError, String(seen[0]?.error));
  assert.equal(all.length, items.length - 1);
  await nothingIsLeft(runtime);
});

testEach('what waits behind a long one runs elsewhere', async (_t, open) => {
  const { runtime, project } = await open({ max: 2 }, files);
  const file = project.path('go');
  const items = itemsWith({ [at]: { kind: 'waits', file } });
  let count = 0;
  const iteration = (async () => {
    for await (const result of runtime.map('mixed', items, { ordered: false })) if (result !== file) count++;
  })();
  await until('the others', () => count === items.length - 1);
  project.write('go', '');
  await within('the long one', iteration);
  assert.equal(count, items.length - 1);
});

testEach('each is its own invocation, with an id, attempts and a context', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const special = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [at + index, { kind: 'id' }]));
  const results = await within('all', collect(runtime.map('mixed', itemsWith(special))));
  const contexts = results.slice(at, at + 300) as [string, string, number, boolean][];
  const ids = contexts.map(([id]) => id);
  assert.equal(new Set(ids).size, 300);
  for (const id of ids) assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.deepEqual(ids.toSorted(), ids, 'in the order in which they were made');
  for (const [, ...others] of contexts) assert.deepEqual(others, ['mixed', 1, false]);
});

// The first line of either kind is that of one that travels with others; those behind it may go alone.
for (const kinds of [
  ['prints', 'logs'],
  ['logs', 'prints'],
] as const) {
  testEach(`what one ${kinds.join(' or ')} is told as its own`, async (_t, open) => {
    const { logger, lines } = keepLines();
    const { runtime } = await open({ max: 2 }, files, { logger });
    const special = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => {
        const place = at + index * 7;
        return [place, { kind: kinds[index % 2] as string, at: place }];
      }),
    );
    const results = await within('all', collect(runtime.map('mixed', itemsWith(special))));
    await runtime.close();
    for (const [place, { kind }] of Object.entries(special)) {
      const text = `${kind === 'prints' ? 'printed' : 'logged'} ${place}`;
      assert.deepEqual(
        lines.filter(({ message }) => message === text).map(({ fields }) => fields.invocation),
        [results[Number(place)]],
        text,
      );
    }
  });
}

testEach('results that are no JSON, and those of every other kind, come as they are', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const given: Record<string, unknown> = {
    nothing: undefined,
    nan: Number.NaN,
    zero: -0,
    map: new Map([[1, new Set([2])]]),
    bytes: Buffer.from('bytes'),
    later: 5,
    calls: 10,
    locks: 5,
    parts: [5, 5],
  };
  const kinds = Object.keys(given);
  // Each is the first once: those behind it may go alone.
  for (const first of kinds.keys()) {
    const special = Object.fromEntries(
      Array.from({ length: 3 * kinds.length }, (_, index) => [
        at + index * 5,
        { kind: kinds[(first + index) % kinds.length] as string, at: 5 },
      ]),
    );
    const items = itemsWith(special);
    const results = await within('all', collect(runtime.map('mixed', items)));
    const asBuffers = results.map((each) => (each instanceof Uint8Array ? Buffer.from(each) : each));
    assert.deepEqual(
      asBuffers,
      resultsOf(items, ({ kind }) => given[kind]),
      kinds[first],
    );
  }
  await nothingIsLeft(runtime);
});

testEach('only results of nothing, and results of many bytes, come as they are', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const nothing = Array.from({ length: ordinary }, () => ({ kind: 'nothing' }));
  assert.deepEqual(
    await within('nothing', collect(runtime.map('mixed', nothing))),
    nothing.map(() => undefined),
  );
  const texts = Array.from({ length: 4_000 }, (_, index) => ({ kind: 'text', length: index % 3_000 }));
  const expected = texts.map(({ length }) => 'ü'.repeat(length));
  assert.deepEqual(
    await within('texts', collect(runtime.map('mixed', [...itemsWith({}), ...texts]))).then((all) =>
      all.slice(2 * ordinary),
    ),
    expected,
  );
  const large = Array.from({ length: 200 }, (_, index) => ({ kind: 'text', length: 30_000 + index }));
  const all = await within('large', collect(runtime.map('mixed', [...itemsWith({}), ...large])));
  assert.deepEqual(
    all.slice(2 * ordinary),
    large.map(({ length }) => 'ü'.repeat(length)),
  );
});

testEach('arguments that are no JSON go with the others', async (_t, open) => {
  const { runtime } = await open(
    { max: 2 },
    { ...files, 'functions/echo.js': 'export default (value) => value;' },
  );
  const items: unknown[] = itemsWith({});
  items[at] = new Map([[1, 2]]);
  items[at + 1] = undefined;
  items[at + 2] = { same: 1 };
  items[at + 3] = items[at + 2];
  assert.deepEqual(await within('all', collect(runtime.map('echo', items))), items);
  const bad = [...items];
  bad[at + 9] = () => {};
  const { seen, onError } = failures();
  const results = await within('all', collect(runtime.map('echo', bad as Item[], { onError })));
  assert.equal(results.length, bad.length - 1);
  assert.deepEqual(
    seen.map(({ index, error }) => [index, error.name]),
    [[at + 9, 'SerializationError']],
  );
});
