import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { EncodedValue } from '../../runtime/channel/codec.ts';
import { FrameBatch, type FramePlace } from '../../runtime/channel/frame-batch.ts';
import { FrameReader } from '../../runtime/channel/frame-reader.ts';
import {
  bytesOf,
  type Frame,
  json,
  type Message,
  randomFrame,
  read,
  samples,
  textsOf,
  v8,
  withBuffers,
  write,
} from './support-frames.ts';
import { forSeeds } from './support-random.ts';

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
