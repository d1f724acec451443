import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeValue, type EncodedValue, encodeValue } from '../../runtime/channel/codec.ts';
import { UnserializableError } from '../../runtime/channel/structured.ts';
import { forSeeds, type Random } from './support-random.ts';

const roundTrip = (value: unknown) => {
  const encoded = encodeValue(value);
  // As it comes back on the other side.
  return decodeValue({ codec: codecOf(encoded), bytes: bytesOf(encoded) });
};

const bytesOf = (encoded: EncodedValue) =>
  typeof encoded === 'string' ? Buffer.from(encoded) : encoded.bytes;
const codecOf = (encoded: EncodedValue) => (typeof encoded === 'string' ? 'json' : encoded.codec);

const twice = {};

const codecs: [what: string, value: unknown, codec: 'json' | 'v8'][] = [
  ['text', 'a.jpg', 'json'],
  ['a number', 1.5, 'json'],
  ['null', null, 'json'],
  ['undefined', undefined, 'v8'],
  ['minus zero', -0, 'v8'],
  ['NaN', Number.NaN, 'v8'],
  ['a BigInt', 1n, 'v8'],
  ['plain objects and lists', { list: [1, 'a', true, null, { deep: [] }] }, 'json'],
  ['undefined in an object', { a: undefined }, 'v8'],
  // biome-ignore lint/suspicious/noSparseArray: holes are what this is about
  ['a hole in a list', [1, , 2], 'v8'],
  ['a property on a list', Object.assign([1], { unit: 'px' }), 'v8'],
  ['a Date', { at: new Date(0) }, 'v8'],
  ['a Map', [new Map()], 'v8'],
  ['a Buffer', { bytes: Buffer.from('a') }, 'v8'],
  ['an error', new Error('x'), 'v8'],
  ['an object twice', [twice, twice], 'v8'],
  [
    'toJSON of a class',
    {
      at: new (class Photo {
        toJSON() {
          return 'a.jpg';
        }
      })(),
    },
    'v8',
  ],
];

for (const [what, value, codec] of codecs) {
  test(`${what} goes as ${codec}, and comes back`, () => {
    const encoded = encodeValue(value);
    assert.equal(codecOf(encoded), codec);
    const plain = what === 'toJSON of a class' ? { at: {} } : value;
    assert.deepStrictEqual(decodeValue(encoded), plain);
  });
}

test('a slice brings its own bytes, and nothing of the buffer that it is cut from', () => {
  const secret = Buffer.from('a secret that is none of its business'.repeat(100));
  for (const view of [secret.subarray(10, 20), new Uint8Array(secret.buffer, secret.byteOffset, 10)]) {
    const bytes = bytesOf(encodeValue(view));
    assert(bytes.length < 50, `${bytes.length} bytes for 10`);
  }
});

test('a value in a format of another version is an error that says so', () => {
  const bytes = bytesOf(encodeValue(new Map()));
  const other = Buffer.from(bytes);
  other[0] = 9;
  assert.throws(() => decodeValue({ codec: 'v8', bytes: other }), /format 1, got 9/);
  assert.throws(() => decodeValue({ codec: 'v8', bytes: Buffer.alloc(0) }), /got nothing/);
});

test('the path of what cannot be sent begins with the given name', () => {
  const sizes = { sizes: [() => {}] };
  assert.throws(
    () => encodeValue(sizes, 'args'),
    (error) => error instanceof UnserializableError && error.path === 'args.sizes[0]',
  );
});

function randomValue(random: Random, depth: number): unknown {
  const leaf = () =>
    random.pick<() => unknown>([
      () =>
        random.pick([undefined, null, true, false, Number.NaN, -0, Infinity, 0, -1, 2 ** 53, '', '\uD800']),
      () => random.fraction() * 10 ** random.below(40),
      () => BigInt(random.below(2 ** 32)) ** BigInt(random.below(5)),
      () => String.fromCharCode(...random.list(20, () => random.below(0x1_0000))),
      () => new Date(random.below(2 ** 40)),
      () => random.bytes(random.below(40)),
      () => random.bytes(64).subarray(random.below(30), 30 + random.below(30)),
      () => new Float32Array(random.list(5, () => random.fraction())),
      () => new RangeError(`error ${random.below(10)}`, random.pick([undefined, { cause: random.below(5) }])),
      () => /a+/gi,
    ])();
  if (depth === 0 || random.below(4) === 0) return leaf();
  const inner = () => randomValue(random, depth - 1);
  const shared = inner();
  return random.pick<() => unknown>([
    () => random.list(6, inner),
    () => Object.fromEntries(random.list(6, () => [random.pick(['a', '__proto__', '1', 'größe']), inner()])),
    () => new Map(random.list(4, () => [inner(), inner()])),
    () => new Set(random.list(4, inner)),
    () => [shared, inner(), shared],
    () => Object.assign(new Error('with more'), { details: inner() }),
  ])();
}

test('any value comes back as it was', () => {
  forSeeds(1_000, (random) => {
    const value = randomValue(random, 5);
    assert.deepStrictEqual(roundTrip(value), value);
    assert.deepStrictEqual(roundTrip({ value, sibling: [1] }), { value, sibling: [1] });
  });
});

test('bytes that are no value are an error, and nothing worse', () => {
  let errors = 0;
  forSeeds(2_000, (random) => {
    const encoded = encodeValue(randomValue(random, 3));
    const codec = codecOf(encoded);
    const spoilt = Buffer.from(bytesOf(encoded));
    for (let count = random.below(4); count >= 0; count--)
      spoilt[random.below(spoilt.length)] = random.below(256);
    const cut = random.below(3) === 0 ? spoilt.subarray(0, random.below(spoilt.length)) : spoilt;
    try {
      decodeValue({ codec, bytes: cut });
    } catch (error) {
      assert(error instanceof Error);
      errors++;
    }
  });
  assert(errors > 200, `only ${errors} of 2,000 made no sense`);
});
