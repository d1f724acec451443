import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { SerializationError } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { within } from '../support/wait.ts';

/**
 * Values by their names, in a module that the functions and this test both import: each side makes them anew, and
 * compares what arrives with its own.
 */
const values = `
  class Point { constructor() { this.x = 1; this.y = -0; } get sum() { return 1; } }
  const withoutPrototype = Object.assign(Object.create(null), { a: 1 });
  const nested = (depth) => {
    let value = 'the innermost';
    for (let level = 0; level < depth; level++) value = level % 2 ? { value } : [value];
    return value;
  };
  export const values = {
    undefined: undefined,
    null: null,
    'true': true,
    'an empty string': '',
    'text of any script': 'a\\0b \\u{1F600} \\u2028 \\r\\n "\\\\" 人 ﷽',
    'lone surrogates': ['\\uD800', 'a\\uDFFFb', { '\\uDC00': '\\uD83D' }],
    'lone surrogates beside a Map': ['\\uD800', 'a\\uDFFFb', { '\\uDC00': '\\uD83D' }, new Map()],
    'text of 5 million characters': 'ab☃'.repeat(5_000_000 / 3),
    'whole numbers': [0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53)],
    fractions: [0.1, 5e-324, 1.7976931348623157e308, -1e-7],
    NaN: NaN,
    'minus zero': -0,
    Infinity: Infinity,
    'numbers that JSON loses': { list: [NaN, -0, -Infinity, 1], at: { zero: -0 } },
    BigInts: [0n, -1n, 2n ** 64n, -(10n ** 40n)],
    'a plain object': { src: 'a.jpg', sizes: [32, [64, 48]], deep: { er: { yes: true, no: false, none: null } } },
    'undefined in an object': { missing: undefined, there: 1 },
    'undefined in a list': [undefined, 1, undefined],
    'a list with holes': [, 1, , , 2, ,],
    'a list of holes alone': new Array(5),
    'a list with a hole and a property': Object.assign([1, , 2], { unit: 'px' }),
    'a sparse list': Object.assign([], { 100_000: 'far' }),
    'an empty object and an empty list': [{}, []],
    'an object without a prototype': { inner: withoutPrototype },
    'keys that every object has': { constructor: 1, toString: 'x', hasOwnProperty: null, valueOf: [] },
    'the key __proto__': JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":null,"b":1}}'),
    'the key __proto__ beside a Map': { ...JSON.parse('{"__proto__":{"polluted":true}}'), map: new Map() },
    'keys like numbers': { 2: 'two', 1: 'one', '01': 'not a number', '-1': 'minus', [2 ** 32]: 'large' },
    Dates: [new Date(0), new Date(-1), new Date(8.64e15)],
    'regular expressions': [/a\\/b/giu, /(?<name>.)\\k<name>/sy],
    'boxed primitives': [Object(1), Object('text'), Object(true), Object(5n), Object(-0)],
    'a Map': new Map([['a', 1], [NaN, undefined], [{ key: [] }, new Map([[1n, new Set([-0])]])]]),
    'a Set': new Set(['a', 1, NaN, undefined, null, [1], new Set()]),
    'an empty Map and an empty Set': [new Map(), new Set()],
    'an instance of a class': { at: new Point() },
    '1,000 levels': nested(1_000),
    'a list of 100,000 objects': Array.from({ length: 100_000 }, (_, id) => ({ id, name: 'photo ' + id })),
    'an object of 10,000 keys': Object.fromEntries(Array.from({ length: 10_000 }, (_, id) => ['key' + id, id])),
  };
  // Another process has neither the class nor a way to tell why there is no prototype.
  const arrivals = new Map([
    ['an instance of a class', { at: { x: 1, y: -0 } }],
    ['an object without a prototype', { inner: { a: 1 } }],
  ]);
  /** What has to be there when the value has arrived. */
  export const arrivalOf = (name) => arrivals.get(name) ?? values[name];`;

const files = {
  'values.js': values,
  'functions/take.js': `
    import assert from 'node:assert/strict';
    import { arrivalOf } from '../values.js';
    export default ({ name, value }) => assert.deepStrictEqual(value, arrivalOf(name));`,
  'functions/give.js': `
    import { values } from '../values.js';
    export default (name) => values[name];`,
  'functions/echo.js': 'export default (value) => value;',
  'functions/measure.js': `
    export default ({ value, levels }) => {
      let found = 0;
      while (typeof value === 'object') {
        value = value instanceof Map ? value.get('inner') : Array.isArray(value) ? value[0] : value.inner;
        found++;
      }
      return found === levels && value;
    };`,
};

interface Values {
  readonly values: Readonly<Record<string, unknown>>;
  arrivalOf(name: string): unknown;
}

testEach('a value arrives exactly as it was, as an argument and as a result', async (t, open) => {
  const { project, runtime } = await open({ max: 1 }, files);
  const known = (await import(pathToFileURL(project.path('values.js')).href)) as Values;
  assert(Object.keys(known.values).length > 30);
  for (const [name, value] of Object.entries(known.values)) {
    await t.test(name, async () => {
      await runtime.invoke('take', { name, value });
      assert.deepStrictEqual(await runtime.invoke('give', name), known.arrivalOf(name));
      assert.deepStrictEqual(await runtime.invoke('echo', value), known.arrivalOf(name));
    });
  }
});

testEach('an invalid date arrives as one', async (_t, open) => {
  const { runtime } = await open({}, files);
  const [date] = await runtime.invoke<Date[]>('echo', [new Date(Number.NaN)]);
  assert(date instanceof Date);
  assert(Number.isNaN(date.getTime()));
});

testEach('nothing that arrives has changed what all objects have', async (_t, open) => {
  const { runtime } = await open({}, files);
  const poison = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  for (const value of [poison, [poison, new Map()]]) await runtime.invoke('echo', value);
  assert.equal('polluted' in {}, false);
});

const deep = 1_000;

const deepValues: [what: string, wrap: (inner: unknown) => unknown][] = [
  ['objects', (inner) => ({ inner })],
  ['lists', (inner) => [inner]],
  ['Maps', (inner) => new Map([['inner', inner]])],
];

for (const [what, wrap] of deepValues) {
  testEach(`${deep} levels of ${what} arrive, as an argument and as a result`, async (_t, open) => {
    const { runtime } = await open({}, files);
    let value: unknown = 'the innermost';
    for (let level = 0; level < deep; level++) value = wrap(value);
    assert.equal(await runtime.invoke('measure', { value, levels: deep }), 'the innermost');
    let inner: unknown = await runtime.invoke('echo', value);
    let levels = 0;
    for (; typeof inner === 'object' && inner !== null; levels++) {
      if (inner instanceof Map) inner = inner.get('inner');
      else inner = Array.isArray(inner) ? inner[0] : (inner as { inner: unknown }).inner;
    }
    assert.deepEqual([levels, inner], [deep, 'the innermost']);
  });
}

testEach(
  'a value that is nested too deeply is a SerializationError that says so, and the worker lives',
  async (_t, open) => {
    const { runtime } = await open(
      { max: 1 },
      {
        ...files,
        'functions/nest.js': `
        export default (levels) => {
          let value = 'the innermost';
          for (let level = 0; level < levels; level++) value = { inner: value };
          return value;
        };`,
        'functions/pid.js': 'export default () => process.pid;',
      },
    );
    const pid = await runtime.invoke('pid');
    // Where the limit is depends on the stack, and on which side of the connection the value is put together.
    for (const levels of [2_000, 3_000, 4_000, 5_000, 10_000, 100_000]) {
      const value = nestedObject(levels);
      for (const [name, args] of [
        ['nest', levels],
        ['measure', { value, levels }],
      ] as const) {
        const outcome = await within(
          'the end',
          runtime.invoke(name, args).catch((error: unknown) => error),
        );
        if (outcome instanceof Error) {
          assert(outcome instanceof SerializationError, String(outcome));
          assert.match(outcome.message, /nested too deeply|could not be read/);
        } else {
          assert(levels < 100_000, 'it is a limit');
          assert.equal(
            name === 'nest' ? depthOf(outcome) : outcome,
            name === 'nest' ? levels : 'the innermost',
          );
        }
        assert.equal(await runtime.invoke('pid'), pid);
      }
    }
  },
);

function nestedObject(levels: number): unknown {
  let value: unknown = 'the innermost';
  for (let level = 0; level < levels; level++) value = { inner: value };
  return value;
}

function depthOf(value: unknown): number {
  let levels = 0;
  for (let inner = value; typeof inner === 'object' && inner !== null; levels++) {
    inner = (inner as { inner: unknown }).inner;
  }
  return levels;
}
