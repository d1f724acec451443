import assert from 'node:assert/strict';
import { testEach } from '../conformance/support.ts';

const files = {
  'functions/same.js': `
    /** Whether the first two of the list are the same object, and the list itself. */
    export default (list) => [list[0] === list[1], list];`,
  'functions/cycles.js': `
    export default ({ object, list, map, set, error, owned }) => ({
      seen: [
        object.self === object,
        list[0] === list,
        map.get('self') === map && map.get(map) === 'key',
        set.has(set),
        error.cause === error,
        owned.owner.errors[0] === owned,
      ],
      ...{ object, list, map, set, error, owned },
    });`,
  'functions/echo.js': 'export default (value) => value;',
};

const bytes = Buffer.from('abc');
const error = new RangeError('no such photo');
const date = new Date(5);
const photo = { src: 'a.jpg' };

const shared: [what: string, value: object][] = [
  ['a plain object', photo],
  ['a list', [1, 2]],
  ['an empty object', {}],
  ['a Map', new Map([[photo, photo]])],
  ['a Set', new Set([photo])],
  ['a Date', date],
  ['a Buffer', bytes],
  ['a typed array', new Float64Array([1, 2])],
  ['an ArrayBuffer', new ArrayBuffer(3)],
  ['a regular expression', /a/g],
  ['an error', error],
];

testEach('what stands twice in a value is one object on the other side, too', async (t, open) => {
  const { runtime } = await open({}, files);
  for (const [what, value] of shared) {
    await t.test(what, async () => {
      const [isSame, list] = await runtime.invoke<[boolean, object[]]>('same', [value, value]);
      assert.equal(isSame, true, 'for the function');
      assert.equal(list[0], list[1], 'for the caller');
      assert.notEqual(list[0], value);
    });
  }
});

testEach('equal objects stay two', async (_t, open) => {
  const { runtime } = await open({}, files);
  const two = (value: object) => [value, structuredClone(value)];
  for (const value of [photo, [1], new Map(), bytes, date, error]) {
    const [isSame, list] = await runtime.invoke<[boolean, object[]]>('same', two(value));
    assert.equal(isSame, false);
    assert.notEqual(list[0], list[1]);
  }
});

testEach('a value that holds itself does so on the other side, too', async (_t, open) => {
  const { runtime } = await open({}, files);
  const object: Record<string, unknown> = {};
  object.self = object;
  const list: unknown[] = [];
  list.push(list);
  const map = new Map<unknown, unknown>();
  map.set('self', map).set(map, 'key');
  const set = new Set<unknown>();
  set.add(set);
  const circle = new Error('a circle of causes');
  circle.cause = circle;
  const owned: Error & { owner?: unknown } = new Error('a circle of properties');
  owned.owner = { errors: [owned] };
  const result = await runtime.invoke<{
    seen: boolean[];
    object: { self: unknown };
    list: unknown[];
    map: Map<unknown, unknown>;
    set: Set<unknown>;
    error: Error;
    owned: Error & { owner: { errors: unknown[] } };
  }>('cycles', { object, list, map, set, error: circle, owned });
  assert.deepEqual(result.seen, [true, true, true, true, true, true]);
  assert.equal(result.object.self, result.object);
  assert.equal(result.list[0], result.list);
  assert.equal(result.map.get('self'), result.map);
  assert.equal(result.map.get(result.map), 'key');
  assert(result.set.has(result.set));
  assert.equal(result.error.cause, result.error);
  assert.equal(result.owned.owner.errors[0], result.owned);
});

testEach(
  'an argument is what it was when it was invoked: what is changed afterwards changes nothing',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, files);
    for (const size of [3, 1_000_000]) {
      const changing = { bytes: Buffer.alloc(size, 'a'), list: [1], map: new Map([['a', 1]]) };
      const expected = structuredClone(changing);
      const first = runtime.invoke('echo', changing);
      const queued = runtime.invoke('echo', changing);
      changing.bytes.fill('b');
      changing.list.push(2);
      changing.map.clear();
      for (const result of await Promise.all([first, queued])) {
        assert.deepEqual(result, { ...expected, bytes: Buffer.alloc(size, 'a') });
      }
    }
  },
);
