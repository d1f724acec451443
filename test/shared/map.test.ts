import assert from 'node:assert/strict';
import { SerializationError, type Shared, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { type Tools, testShared, work } from './support.ts';

/** Each method once, with what it returned. */
async function everyMethod(shared: Shared, name: string) {
  const map = shared.map<unknown>(name);
  return {
    name: map.name,
    'get of none': await map.get('a'),
    'has of none': await map.has('a'),
    'delete of none': await map.delete('a'),
    'size of none': await map.size(),
    set: await map.set('a', 1),
    get: await map.get('a'),
    has: await map.has('a'),
    'setIfAbsent where there is one': await map.setIfAbsent('a', 2),
    'setIfAbsent where there is none': await map.setIfAbsent('b', { two: 2 }),
    increment: await map.increment('a'),
    'increment by 0.5': await map.increment('a', 0.5),
    'increment by -10': await map.increment('a', -10),
    'increment of none': await map.increment('c', 3),
    update: await map.update('b', (value) => ({ ...(value as object), three: 3 })),
    'update of none': await map.update('d', async (value) => [value]),
    size: await map.size(),
    keys: await map.keys(),
    entries: await map.entries(),
    delete: await map.delete('b'),
    'keys after that': await map.keys(),
    clear: await map.clear(),
    'entries after that': await map.entries(),
    'set to undefined': await map.set('u', undefined),
    'has undefined': await map.has('u'),
    'an empty key': await map.set('', 'empty').then(() => map.get('')),
    'a key that objects have': await map.get('constructor'),
  };
}

const returned = {
  'get of none': undefined,
  'has of none': false,
  'delete of none': false,
  'size of none': 0,
  set: undefined,
  get: 1,
  has: true,
  'setIfAbsent where there is one': 1,
  'setIfAbsent where there is none': { two: 2 },
  increment: 2,
  'increment by 0.5': 2.5,
  'increment by -10': -7.5,
  'increment of none': 3,
  update: { two: 2, three: 3 },
  'update of none': [undefined],
  size: 4,
  keys: ['a', 'b', 'c', 'd'],
  entries: [
    ['a', -7.5],
    ['b', { two: 2, three: 3 }],
    ['c', 3],
    ['d', [undefined]],
  ],
  delete: true,
  'keys after that': ['a', 'c', 'd'],
  clear: undefined,
  'entries after that': [],
  'set to undefined': undefined,
  'has undefined': true,
  'an empty key': 'empty',
  'a key that objects have': undefined,
};

testShared('every method of a map does the same in a worker and in the program', 1, async (test) => {
  assert.deepEqual(await everyMethod(test.shared, 'ours'), { name: 'ours', ...returned });
  assert.deepEqual(await work(test, everyMethod, 'theirs'), { name: 'theirs', ...returned });
});

testShared('what one sets the others get, as it was, also after its worker was killed', 2, async (test) => {
  const setting = work(test, async (shared, _none, { die }: Tools) => {
    const cycle: { self?: unknown; deep: Map<unknown, unknown> } = {
      deep: new Map([[new Date(5), new Set([1n])]]),
    };
    cycle.self = cycle;
    const map = shared.map('values');
    await map.set('cycle', cycle);
    await map.set('numbers', [Number.NaN, -0, 2n ** 70n, undefined, Number.POSITIVE_INFINITY]);
    await map.set('bytes', { buffer: Buffer.from('small'), floats: new Float64Array([0.5]) });
    await map.set('error', new RangeError('as meant', { cause: 'a cause' }));
    await map.set('text', 'a\u0000ü😀\ud800');
    die();
  });
  await rejectionOf(setting, WorkerCrashedError);
  const values = test.shared.map('values');
  const cycle = (await values.get('cycle')) as { self: unknown; deep: unknown };
  assert.equal(cycle.self, cycle);
  assert.deepEqual(cycle.deep, new Map([[new Date(5), new Set([1n])]]));
  assert.deepEqual(await values.get('numbers'), [
    Number.NaN,
    -0,
    2n ** 70n,
    undefined,
    Number.POSITIVE_INFINITY,
  ]);
  const bytes = (await values.get('bytes')) as { buffer: Buffer; floats: Float64Array };
  assert(Buffer.isBuffer(bytes.buffer) && bytes.floats instanceof Float64Array);
  assert.deepEqual([bytes.buffer.toString(), ...bytes.floats], ['small', 0.5]);
  const error = await values.get('error');
  assert(error instanceof RangeError);
  assert.deepEqual([error.message, error.cause], ['as meant', 'a cause']);
  assert.equal(await values.get('text'), 'a\u0000ü😀\ud800');
  assert.equal((await values.entries()).length, 5);
  const seen = await work(test, async (shared) => Object.fromEntries(await shared.map('values').entries()));
  assert.deepEqual(seen.numbers, [Number.NaN, -0, 2n ** 70n, undefined, Number.POSITIVE_INFINITY]);
});

testShared('a large Buffer is kept whole, and is a copy for each', 2, async (test) => {
  const length = 12 * 2 ** 20;
  const fill = async (shared: Shared, length: number) => {
    const bytes = Buffer.alloc(length);
    for (let index = 0; index < length; index += 997) bytes[index] = index % 251;
    await shared.map('large').set('bytes', bytes);
    bytes.fill(0);
  };
  const check = async (shared: Shared, length: number) => {
    const bytes = await shared.map<Buffer>('large').get('bytes');
    if (!Buffer.isBuffer(bytes) || bytes.length !== length) return 'no such Buffer';
    for (let index = 0; index < length; index += 997)
      if (bytes[index] !== index % 251) return `other bytes at ${index}`;
    bytes.fill(1);
    return 'whole';
  };
  for (const set of [() => fill(test.shared, length), () => work(test, fill, length)]) {
    await test.shared.map('large').clear();
    await within('it to be set', set());
    for (let time = 0; time < 2; time++) {
      assert.equal(await within('the program', check(test.shared, length)), 'whole');
      assert.equal(await within('a worker', work(test, check, length)), 'whole');
    }
  }
});

testShared('increment and update lose no change of four workers and the program', 4, async (test) => {
  const times = 300;
  const count = async (shared: Shared, times: number) => {
    const map = shared.map<number>('counts');
    for (let time = 0; time < times; time++) {
      await Promise.all([
        map.increment('increments'),
        map.update('updates', async (value = 0) => {
          await null;
          return value + 1;
        }),
      ]);
    }
  };
  const workers = [1, 2, 3, 4].map(() => work(test, count, times));
  await within('all of them', Promise.all([...workers, count(test.shared, times)]), 60_000);
  assert.deepEqual(await test.shared.map('counts').entries(), [
    ['increments', 5 * times],
    ['updates', 5 * times],
  ]);
});

testShared(
  'an update starts again also when the entry was deleted and set to the same meanwhile',
  1,
  async ({ shared }) => {
    const map = shared.map<number>('counts');
    await map.set('a', 1);
    const seen: unknown[] = [];
    const updated = await map.update('a', async (value) => {
      seen.push(value);
      if (seen.length === 1) {
        await map.delete('a');
        await map.set('a', 1);
      }
      if (seen.length === 2) await map.clear();
      return (value ?? 10) + 1;
    });
    assert.deepEqual([seen, updated, await map.get('a')], [[1, 1, undefined], 11, 11]);
  },
);

testShared('setIfAbsent has one that wins, and all others see what it set', 4, async (test) => {
  for (let round = 0; round < 20; round++) {
    const setting = async (shared: Shared, { key, who }: { key: string; who: string }) =>
      shared.map<string>('first').setIfAbsent(key, who);
    const key = `round ${round}`;
    const workers = ['a', 'b', 'c', 'd'].map((who) => work(test, setting, { key, who }));
    const all = await Promise.all([...workers, setting(test.shared, { key, who: 'program' })]);
    assert.equal(new Set(all).size, 1);
    assert.equal(await test.shared.map('first').get(key), all[0]);
  }
});

testShared('what a map can not do is an error that says so, and changes nothing', 1, async (test) => {
  const map = test.shared.map<unknown>('things');
  await map.set('text', 'one');
  await assert.rejects(map.increment('text'), {
    code: 'SHARED_CONFLICT',
    message: 'The entry "text" of the map "things" can\'t be incremented: it is no number.',
  });
  const error = await rejectionOf(map.set('text', { do: () => {} }), SerializationError);
  assert.equal(error.path, 'value.do');
  await rejectionOf(
    map.update('text', () => Symbol('none')),
    SerializationError,
  );
  await assert.rejects(
    map.update('text', () => Promise.reject(new RangeError('as meant'))),
    RangeError,
  );
  for (const by of [Number.NaN, Number.POSITIVE_INFINITY, '1']) {
    await assert.rejects(map.increment('count', by as number), TypeError);
  }
  for (const key of [5, undefined, null, {}]) {
    for (const act of ['get', 'has', 'set', 'delete', 'increment', 'setIfAbsent'] as const) {
      await assert.rejects(
        async () => map[act](key as never, 1 as never),
        TypeError,
        `${act} of ${String(key)}`,
      );
    }
  }
  assert.deepEqual(await map.entries(), [['text', 'one']]);
  const inWorker = await work(test, async (shared) => {
    const map = shared.map<unknown>('things');
    const all = [
      map.increment('text'),
      map.set('text', () => {}),
      map.get(5 as never),
      map.increment('n', Number.NaN),
    ];
    return (await Promise.allSettled(all)).map((each) => each.status === 'rejected' && each.reason.name);
  });
  assert.deepEqual(inWorker, ['PoolError', 'SerializationError', 'TypeError', 'TypeError']);
  assert.throws(() => test.shared.map(''), TypeError);
});
