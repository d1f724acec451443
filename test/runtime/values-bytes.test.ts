import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { testEach } from '../conformance/support.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/describe.js': `
    export default (view) => ({
      kind: view.constructor.name,
      bytes: Array.from(new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength)),
      behind: (view.buffer ?? view).byteLength,
    });`,
  'functions/digest.js': `
    import { createHash } from 'node:crypto';
    export default (bytes) => createHash('sha256').update(bytes).digest();`,
};

interface Described {
  readonly kind: string;
  readonly bytes: readonly number[];
  /** The length of the ArrayBuffer below. */
  readonly behind: number;
}

/** 24 bytes at an odd place in a larger buffer, which nobody else may see. */
const larger = new ArrayBuffer(1_000);
const content = Uint8Array.from({ length: 24 }, (_, index) => index * 11);
new Uint8Array(larger, 40, 24).set(content);
// As what Node hands out for small Buffers: one ArrayBuffer for many.
const pooled = Buffer.from(content);

const views: [what: string, view: ArrayBufferView | ArrayBuffer][] = [
  ['Buffer', Buffer.from(larger, 40, 24)],
  ['Buffer of the pool', pooled],
  ['slice of a Buffer of the pool', pooled.subarray(3, 9)],
  ['Uint8Array', new Uint8Array(larger, 40, 24)],
  ['Int8Array', new Int8Array(larger, 40, 24)],
  ['Uint8ClampedArray', new Uint8ClampedArray(larger, 40, 24)],
  ['Uint16Array', new Uint16Array(larger, 40, 12)],
  ['Int16Array', new Int16Array(larger, 40, 12)],
  ['Uint32Array', new Uint32Array(larger, 40, 6)],
  ['Int32Array', new Int32Array(larger, 40, 6)],
  ['Float32Array', new Float32Array(larger, 40, 6)],
  ['Float64Array', new Float64Array(larger, 40, 3)],
  ['BigUint64Array', new BigUint64Array(larger, 40, 3)],
  ['BigInt64Array', new BigInt64Array(larger, 40, 3)],
  ['DataView', new DataView(larger, 41, 5)],
  ['ArrayBuffer', content.buffer as ArrayBuffer],
  ['empty Buffer', Buffer.alloc(0)],
  ['empty Float64Array', new Float64Array(0)],
  ['empty DataView', new DataView(larger, 5, 0)],
  ['empty ArrayBuffer', new ArrayBuffer(0)],
];

function bytesOf(view: ArrayBufferView | ArrayBuffer): number[] {
  const isView = ArrayBuffer.isView(view);
  return [...new Uint8Array(isView ? view.buffer : view, isView ? view.byteOffset : 0, view.byteLength)];
}

testEach('each kind of bytes arrives as that kind, with its own bytes and no others', async (t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  for (const [what, view] of views) {
    await t.test(what, async () => {
      const { kind, bytes, behind } = await runtime.invoke<Described>('describe', view);
      assert.equal(kind, view.constructor.name);
      assert.deepEqual(bytes, bytesOf(view));
      // A Buffer of the receiver's own pool has others of the receiver beside it.
      if (kind !== 'Buffer') assert.equal(behind, view.byteLength);

      const result = await runtime.invoke<typeof view>('echo', view);
      assert.equal(result.constructor, view.constructor);
      assert.deepEqual(result, view);
      const nested = await runtime.invoke('echo', { list: [view, new Map([['view', view]])], text: 'x' });
      assert.deepEqual(nested, { list: [view, new Map([['view', view]])], text: 'x' });
    });
  }
});

testEach('bytes that arrive can be written to, and nobody else sees it', async (_t, open) => {
  const { runtime } = await open({}, files);
  const original = Buffer.from('abc');
  const [first, second] = await Promise.all([
    runtime.invoke<Buffer>('echo', original),
    runtime.invoke<Buffer>('echo', original),
  ]);
  first.fill('x');
  assert.deepEqual([String(original), String(first), String(second)], ['abc', 'xxx', 'abc']);
});

testEach('every byte arrives as it is', async (_t, open) => {
  const { runtime } = await open({}, files);
  const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  assert.deepEqual(await runtime.invoke('echo', all), all);
  assert.deepEqual(await runtime.invoke('echo', [all, all.toString('latin1')]), [
    all,
    all.toString('latin1'),
  ]);
});

for (const [what, size] of [
  ['1 MB', 2 ** 20],
  ['16 MB', 2 ** 24],
] as const) {
  testEach(`a Buffer of ${what} arrives, also several at once and beside others`, async (_t, open) => {
    const { runtime } = await open({ max: 2 }, files);
    const bytes = randomBytes(size);
    const digest = createHash('sha256').update(bytes).digest();
    assert.deepEqual(await runtime.invoke('digest', bytes), digest);
    assert((await runtime.invoke<Buffer>('echo', bytes)).equals(bytes));
    const results = await Promise.all([
      runtime.invoke<Buffer>('echo', bytes),
      runtime.invoke<Buffer>('echo', bytes.subarray(1)),
      runtime.invoke<Buffer>('echo', Buffer.from('small')),
      runtime.invoke<{ bytes: Buffer }>('echo', { bytes, name: 'a.jpg' }),
    ]);
    assert(results[0].equals(bytes));
    assert(results[1].equals(bytes.subarray(1)));
    assert.equal(String(results[2]), 'small');
    assert(results[3].bytes.equals(bytes));
  });
}

testEach('each size around those where something changes arrives', async (_t, open) => {
  const { runtime } = await open({}, files);
  // The pool of Buffers hands out up to 4 KB, large bodies go out on their own from 32 KB, a socket holds some 200 KB.
  const steps = [0, 1, 4 * 2 ** 10, 8 * 2 ** 10, 32 * 2 ** 10, 64 * 2 ** 10, 208 * 2 ** 10];
  const sizes = steps
    .flatMap((step) => [step - 40, step - 1, step, step + 1, step + 40])
    .filter((n) => n >= 0);
  const bytes = randomBytes(Math.max(...sizes));
  await Promise.all(
    sizes.map(async (size) => {
      const result = await runtime.invoke<Buffer>('echo', bytes.subarray(0, size));
      assert(result.equals(bytes.subarray(0, size)), `${size} bytes`);
      const text = 'x'.repeat(size);
      assert.equal(await runtime.invoke('echo', text), text);
    }),
  );
});
