import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { EncodedValue } from '../../runtime/channel/codec.ts';
import { FrameBatch, type FramePlace } from '../../runtime/channel/frame-batch.ts';
import { FrameError } from '../../runtime/channel/frame-format.ts';
import { FrameReader } from '../../runtime/channel/frame-reader.ts';
import { InvocationId, newInvocationId } from '../../runtime/channel/invocation-id.ts';
import { forSeeds, type Random } from './support-random.ts';

interface Message {
  readonly type: string;
}

type Frame = readonly [message: Message & Record<string, unknown>, body?: EncodedValue];

const json = (text: string): EncodedValue => text;
const v8 = (bytes: Uint8Array): EncodedValue => ({ codec: 'v8', bytes });

const withBuffers = (bytes: Uint8Array, buffers: ArrayBuffer[]): EncodedValue => ({
  codec: 'v8',
  bytes,
  buffers,
});
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => index).buffer;

function runOf(run: number, cwd: string) {
  return {
    ...{ type: 'run', run, functionIndex: 3, invocationId: newInvocationId() },
    ...{ attempt: 1, isAhead: false, timeoutMs: 60_000, cwd },
  };
}

const samples: Frame[] = [
  [{ type: 'ready' }],
  [runOf(1, '/größe/人/\u{1F600}'), json('"größe 人 \u{1F600}"')],
  [{ ...runOf(2, '/größe/人/\u{1F600}'), isAhead: true, timeoutMs: 0.5, attempt: 3 }, json('1')],
  // Each of these differs from the one before in one thing that is left out when it is the same.
  [{ ...runOf(3, '/größe/人/\u{1F600}'), isAhead: true, timeoutMs: 0.5, attempt: 3 }, json('1')],
  [{ ...runOf(4, '/größe/人/\u{1F600}'), isAhead: true, timeoutMs: 0.5, attempt: 2 }],
  [{ ...runOf(5, '/größe/人/\u{1F600}'), timeoutMs: 0, attempt: 2 }],
  [{ ...runOf(6, '/größe/人/\u{1F600}'), timeoutMs: 0, attempt: 2, functionIndex: 4 }],
  [{ ...runOf(7, '/'), timeoutMs: 0, attempt: 2, functionIndex: 4 }],
  [runOf(2 ** 32 - 1, '')],
  [
    { type: 'succeeded', run: 2 ** 32 - 1, durationMs: 0.001, memoryMB: 1e6, output: [2 ** 40, 0] },
    v8(Buffer.alloc(3)),
  ],
  [{ type: 'succeeded', run: 1, durationMs: 2, memoryMB: 3, output: [2 ** 40, 0] }, json('{}')],
  [{ type: 'succeeded', run: 2, durationMs: 2, memoryMB: 3, output: [2 ** 40, 1] }, json('{}')],
  [{ type: 'buffers' }, withBuffers(Buffer.from('abc'), [bytesOf(5), bytesOf(0), bytesOf(200)])],
  [{ type: 'buffers alone' }, withBuffers(Buffer.alloc(0), [bytesOf(0)])],
  [{ type: 'empty body' }, v8(Buffer.alloc(0))],
  [{ type: 'bytes' }, v8(Buffer.from([0, 255, 10, 13, 0]))],
  [{ type: 'abort', run: 2 ** 31, path: '"\\\n' }, json('null')],
];

function write(frames: readonly Frame[]): Buffer {
  const batch = new FrameBatch();
  for (const [message, body] of frames) batch.add(message, body);
  return Buffer.concat(batch.take());
}

/** Reads chunks; what comes out is compared as text, so that a failure shows it. */
function read(chunks: readonly Buffer[]): string[] {
  const reader = new FrameReader<Message>();
  const found: string[] = [];
  for (const chunk of chunks) reader.push(chunk, (...frame) => found.push(textOf(frame)));
  return found;
}

const asJson = { codec: 'json', buffers: undefined } as const;

function textOf([message, body]: readonly [message: Message, body?: EncodedValue | undefined]): string {
  const head = JSON.stringify(message, (_, value) => (value instanceof InvocationId ? value.text : value));
  if (body === undefined) return `${head} -`;
  const { codec, bytes, buffers = [] } = typeof body === 'string' ? { ...asJson, bytes: body } : body;
  const hex = [bytes as Uint8Array, ...buffers.map((buffer) => new Uint8Array(buffer as ArrayBuffer))].map(
    (each) => Buffer.from(each).toString('hex'),
  );
  return `${head} ${codec} ${hex.join(' + ')}`;
}

const textsOf = (frames: readonly Frame[]) => frames.map(textOf);

test('frames come back in their order, each with its head and its body', () => {
  assert.deepEqual(read([write(samples)]), textsOf(samples));
});

test('frames may be cut at any byte', () => {
  const bytes = write(samples);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.deepEqual(read(chunks), textsOf(samples), `cut at ${cut}`);
  }
});

test('frames may come in pieces of any size', () => {
  const bytes = write(samples);
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    assert.deepEqual(read(chunks), textsOf(samples), `in pieces of ${size} bytes`);
  }
});

test('a message is handed on with the chunk that completes it, not later', () => {
  const [first, second] = [write(samples.slice(0, 1)), write(samples.slice(1, 2))];
  const reader = new FrameReader<Message>();
  const found: string[] = [];
  const push = (bytes: Buffer) => reader.push(bytes, ({ type }) => found.push(type));
  push(first.subarray(0, -1));
  assert.deepEqual(found, []);
  push(Buffer.concat([first.subarray(-1), second.subarray(0, -1)]));
  assert.deepEqual(found, ['ready']);
  push(second.subarray(-1));
  assert.deepEqual(found, ['ready', 'run']);
});

test('the small frames of a turn are one chunk, and a batch that was taken is empty', () => {
  const batch = new FrameBatch();
  assert(batch.isEmpty);
  for (let count = 0; count < 1_000; count++) {
    const message: Frame[0] = { type: 'progress', count };
    batch.add(message, json('1'));
  }
  assert(!batch.isEmpty);
  const chunks = batch.take();
  assert.equal(chunks.length, 1);
  assert.equal(read(chunks as Buffer[]).length, 1_000);
  assert(batch.isEmpty);
  assert.deepEqual(batch.take(), []);
});

test('a large body is a chunk of its own and not copied, and the order stays', () => {
  const large = Buffer.alloc(1_000_000, 'x');
  const frames: Frame[] = [
    [{ type: 'before' }, json('1')],
    [{ type: 'large' }, v8(large)],
    [{ type: 'larger' }, v8(large)],
    [{ type: 'after' }],
  ];
  const batch = new FrameBatch();
  for (const [message, body] of frames) batch.add(message, body);
  const chunks = batch.take();
  assert.equal(chunks.filter((chunk) => chunk === large).length, 2);
  assert.deepEqual(read(chunks as Buffer[]), textsOf(frames));
});

test('a large frame in many chunks is put together once', () => {
  const size = 32 * 2 ** 20;
  const bytes = write([[{ type: 'large' }, v8(Buffer.alloc(size, 7))]]);
  const reader = new FrameReader<Message>();
  let found: Uint8Array | undefined;
  for (let at = 0; at < bytes.length; at += 65_536) {
    reader.push(bytes.subarray(at, at + 65_536), (_, body) => {
      found = typeof body === 'object' ? body.bytes : undefined;
    });
  }
  assert.equal(found?.length, size);
  assert(found?.every((byte) => byte === 7));
});

/** The prefix of a frame: its length, the codec of its body, the length and the kind of its head. */
function prefix(length: number, codec: number, headLength: number, kind = 0): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt8(kind, 4);
  bytes.writeUInt8(codec, 5);
  bytes.writeUInt32LE(headLength, 6);
  return bytes;
}

/** The table of one buffer that follows the frame. */
function tableOfOne(length: number): Buffer {
  const table = Buffer.alloc(16);
  table.writeDoubleLE(-1, table.writeUInt32LE(length, table.writeUInt32LE(1)));
  return table;
}

const nonsense: [what: string, bytes: Buffer, message: RegExp][] = [
  ['a length of zero', prefix(0, 0, 0), /got a length of 0/],
  ['a length shorter than the prefix', prefix(4, 0, 0), /got a length of 4/],
  ['the greatest length there is', prefix(0xffff_ffff, 0, 2), /got a length of 4294967295/],
  ['a length of 2 GB', prefix(2 ** 31, 0, 2), /at most 2147483647 bytes, got a length of 2147483648/],
  [
    'a head that is longer than its frame',
    Buffer.concat([prefix(8, 0, 3), Buffer.from('{}')]),
    /inside of it/,
  ],
  ['a head of 4 GB', Buffer.concat([prefix(8, 0, 0xffff_ffff), Buffer.from('{}')]), /inside of it/],
  [
    'a codec that nobody knows',
    Buffer.concat([prefix(8, 5, 2), Buffer.from('{}')]),
    /codec that exists, got 5/,
  ],
  [
    'buffers without a table of them',
    Buffer.concat([prefix(8, 3, 2), Buffer.from('{}')]),
    /table of buffers inside/,
  ],
  [
    'a table of buffers that is longer than its frame',
    Buffer.concat([prefix(16, 3, 2), Buffer.from('{}'), Buffer.from([3, 0, 0, 0, 1, 0, 0, 0])]),
    /table of buffers inside/,
  ],
  [
    'buffers of 4 GB',
    Buffer.concat([prefix(24, 3, 2), Buffer.from('{}'), tableOfOne(2 ** 32 - 1)]),
    /buffers of at most/,
  ],
  ['the last codec', Buffer.concat([prefix(8, 255, 2), Buffer.from('{}')]), /codec that exists, got 255/],
  ['a kind of head that nobody knows', Buffer.concat([prefix(8, 0, 2, 3), Buffer.from('{}')]), /kind.*got 3/],
  ['a head that is no JSON', Buffer.concat([prefix(8, 0, 2), Buffer.from('{]')]), /one of its kind/],
  ['an empty head', prefix(6, 0, 0), /one of its kind/],
  ['a run that is cut off', Buffer.concat([prefix(16, 0, 10, 1), Buffer.alloc(10)]), /one of its kind/],
  [
    'an end of a run that is cut off',
    Buffer.concat([prefix(16, 0, 10, 2), Buffer.alloc(10)]),
    /one of its kind/,
  ],
  [
    'text of another protocol',
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    /head|codec|JSON|length/,
  ],
];

for (const [what, bytes, message] of nonsense) {
  test(`${what} is a FrameError, after the frames before it`, () => {
    const reader = new FrameReader<Message>();
    const found: string[] = [];
    const both = Buffer.concat([write(samples), bytes]);
    assert.throws(
      () => reader.push(both, (...frame) => found.push(textOf(frame))),
      (error) => error instanceof FrameError && message.test(error.message),
    );
    assert.deepEqual(found, textsOf(samples));
  });
}

test('the longest frame that is allowed may begin: it takes no memory before its bytes come', () => {
  const before = process.memoryUsage().rss;
  const reader = new FrameReader<Message>();
  reader.push(prefix(2 ** 31 - 1, 2, 100), () => assert.fail('there is no frame yet'));
  reader.push(Buffer.alloc(1_000), () => assert.fail('there is no frame yet'));
  const grownMB = (process.memoryUsage().rss - before) / 2 ** 20;
  assert(grownMB < 200, `it has grown by ${grownMB} MB`);
});

test('the longest buffer that is allowed may begin, too', () => {
  const before = process.memoryUsage().rss;
  const reader = new FrameReader<Message>();
  const bytes = Buffer.concat([prefix(24, 3, 2), Buffer.from('{}'), tableOfOne(2 ** 31 - 1)]);
  reader.push(bytes, () => assert.fail('it is not whole'));
  reader.push(Buffer.alloc(1_000), () => assert.fail('it is not whole'));
  const grownMB = (process.memoryUsage().rss - before) / 2 ** 20;
  assert(grownMB < 200, `it has grown by ${grownMB} MB`);
});

test('a buffer that comes as a chunk of its own is not copied, one that comes in pieces is put together', () => {
  const [large, small] = [bytesOf(200_000), bytesOf(100)];
  const batch = new FrameBatch();
  batch.add({ type: 'buffers' }, withBuffers(Buffer.alloc(40_000, 'x'), [large, small]));
  batch.add({ type: 'next' }, json('1'));
  const chunks = batch
    .take()
    .map(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length));
  const bodies: (EncodedValue | undefined)[] = [];
  const reader = new FrameReader<Message>();
  for (const chunk of chunks) reader.push(chunk, (_, body) => bodies.push(body));
  assert.equal(bodies.length, 2);
  const [body] = bodies;
  assert(typeof body === 'object' && body.bytes.length === 40_000);
  assert(body.buffers?.[0] === large && body.buffers[1] === small);
  const pieces = Buffer.concat(chunks);
  const again: (EncodedValue | undefined)[] = [];
  for (let at = 0; at < pieces.length; at += 7_777) {
    reader.push(pieces.subarray(at, at + 7_777), (_, each) => again.push(each));
  }
  assert(isDeepStrictEqual(again, bodies));
});

function randomFrame(random: Random): Frame {
  const message = {
    type: random.pick(['abort', 'größe', '']),
    n: random.fraction(),
    list: random.list(5, () => 1),
  };
  const size = random.pick([0, 1, 10, 300, 33_000]);
  const body = random.pick([
    () => undefined,
    () => json(JSON.stringify('x'.repeat(size))),
    () => v8(random.bytes(random.below(size + 1))),
    () =>
      withBuffers(
        random.bytes(random.below(50)),
        random.list(3, () => bytesOf(random.below(size + 1))),
      ),
  ])();
  return [message, body];
}

test('any frames come back, in whatever chunks they come', () => {
  forSeeds(300, (random) => {
    const frames = random.list(20, () => randomFrame(random));
    const bytes = write(frames);
    const chunks = [];
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random.below(random.pick([3, 30, 3_000, 100_000]));
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    assert.deepEqual(read(chunks), textsOf(frames));
  });
});

test('whatever bytes come, nothing but messages and a FrameError comes out of them', () => {
  let errors = 0;
  forSeeds(2_000, (random) => {
    const bytes = random.pick([
      () => random.bytes(random.below(200)),
      () => {
        const spoilt = Buffer.from(write(random.list(5, () => randomFrame(random))));
        for (let count = random.below(5); count >= 0 && spoilt.length > 0; count--) {
          spoilt[random.below(Math.min(spoilt.length, 200))] = random.below(256);
        }
        return spoilt;
      },
    ])();
    try {
      read([bytes]);
    } catch (error) {
      assert(error instanceof FrameError, `${error}`);
      errors++;
    }
  });
  assert(errors > 500, `only ${errors} of 2,000 made no sense`);
});

test('a frame is the last one until another one follows, or it is taken', () => {
  const batch = new FrameBatch();
  const placeOf = (type: string) => {
    batch.add({ type }, json('1'));
    return batch.last as FramePlace;
  };
  const first = placeOf('first');
  assert(batch.isLast(first));
  const second = placeOf('second');
  assert.deepEqual([batch.isLast(first), batch.isLast(second)], [false, true]);
  batch.take();
  assert(!batch.isLast(second));
  placeOf('third');
  assert(!batch.isLast(second));
});
