import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import type { EncodedBytes } from '../../runtime/channel/codec.ts';
import { FrameBatch, FrameError, FrameReader } from '../../runtime/channel/frames.ts';
import { areaBytes, SharedMemory } from '../../runtime/channel/shared-memory.ts';
import { forSeeds } from './support-random.ts';

const skip = fs.existsSync('/dev/shm') ? false : 'this platform has no folder in memory';

interface Message {
  readonly type: string;
}

/** Both sides of one memory. */
function openMemory(t: { after(action: () => void): void }): [runtime: SharedMemory, worker: SharedMemory] {
  const memory = SharedMemory.create();
  assert(memory);
  t.after(() => memory.close());
  const inherited = SharedMemory.inherited(memory.fd);
  assert(inherited);
  return [memory, inherited];
}

const randomBuffer = (length: number) => randomFillSync(new Uint8Array(length)).buffer;
const equal = (a: ArrayBuffer, b: ArrayBuffer | undefined) => b && Buffer.from(a).equals(Buffer.from(b));

test('buffers of any size come through, both ways, also when the ring begins anew', { skip }, (t) => {
  const [runtime, worker] = openMemory(t);
  let wrapped = 0;
  forSeeds(60, (random) => {
    const [from, to] = random.pick([
      [runtime, worker],
      [worker, runtime],
    ]);
    const lengths = random.list(4, () => random.below(random.pick([10, 100_000, 2_000_000])));
    const buffers = lengths.map(randomBuffer);
    const position = from.outgoing.put(buffers);
    assert(position !== undefined);
    if (position >= areaBytes) wrapped++;
    const taken = to.incoming.take(position, lengths);
    assert(buffers.every((buffer, index) => equal(buffer, taken[index])));
  });
  assert(wrapped > 5, `${wrapped} were behind the first end of the ring`);
});

test('what is not read yet is not written over; once it is, there is room again', { skip }, (t) => {
  const [runtime, worker] = openMemory(t);
  const quarter = areaBytes / 4;
  const buffers = Array.from({ length: 4 }, () => randomBuffer(quarter));
  const positions = buffers.map((buffer) => runtime.outgoing.put([buffer]));
  assert.deepEqual(positions, [0, quarter, 2 * quarter, 3 * quarter]);
  assert.equal(runtime.outgoing.put([randomBuffer(1)]), undefined);
  for (const [index, buffer] of buffers.entries()) {
    assert(equal(buffer, worker.incoming.take(index * quarter, [quarter])[0]));
    assert.equal(runtime.outgoing.put([randomBuffer(quarter)]), areaBytes + index * quarter);
  }
});

test('what is larger than the area has no place in it, and changes nothing', { skip }, (t) => {
  const [runtime] = openMemory(t);
  assert.equal(runtime.outgoing.put([new ArrayBuffer(areaBytes), new ArrayBuffer(1)]), undefined);
  assert.equal(runtime.outgoing.put([new ArrayBuffer(areaBytes)]), 0);
});

test('a memory leaves no file, not even while it is in use', { skip }, (t) => {
  openMemory(t);
  assert.deepEqual(
    fs.readdirSync('/dev/shm').filter((name) => name.startsWith('.warm-pool')),
    [],
  );
});

test('it can be switched off', { skip }, () => {
  process.env.WARM_POOL_NO_SHARED_MEMORY = '1';
  try {
    assert.equal(SharedMemory.create(), undefined);
  } finally {
    delete process.env.WARM_POOL_NO_SHARED_MEMORY;
  }
});

const bodyOf = (...buffers: ArrayBuffer[]): EncodedBytes => ({
  codec: 'v8',
  bytes: Buffer.from('small'),
  buffers,
});

test('frames with buffers in memory, beside and without any come back in their order', { skip }, (t) => {
  const [runtime, worker] = openMemory(t);
  const batch = new FrameBatch(runtime.outgoing);
  const [small, large] = [randomBuffer(100_000), randomBuffer(areaBytes + 1)];
  batch.add({ type: 'first' }, '1');
  batch.add({ type: 'in memory' }, bodyOf(small, small));
  batch.add({ type: 'too large for it' }, bodyOf(large));
  batch.add({ type: 'in memory again' }, bodyOf(small));
  batch.add({ type: 'last' }, undefined);
  const chunks = batch.take();
  const sent = chunks.reduce((sum, { length }) => sum + length, 0);
  assert(sent < areaBytes + 10_000, `${sent} bytes are sent: more than the one that is too large`);
  const found: string[] = [];
  const reader = new FrameReader<Message>(worker.incoming);
  for (const chunk of chunks) {
    reader.push(chunk as Buffer, ({ type }, body) => {
      found.push(type);
      const buffers = typeof body === 'object' ? body.buffers : undefined;
      const expected = type === 'too large for it' ? large : small;
      for (const buffer of buffers ?? []) assert(equal(expected, buffer as ArrayBuffer), type);
    });
  }
  assert.deepEqual(found, ['first', 'in memory', 'too large for it', 'in memory again', 'last']);
});

test('a position that makes no sense, and a side without a memory, are a FrameError', { skip }, (t) => {
  const [runtime, worker] = openMemory(t);
  const batch = new FrameBatch(runtime.outgoing);
  batch.add({ type: 'x' }, bodyOf(randomBuffer(100_000)));
  const [frame] = batch.take() as [Buffer];
  const place = frame.indexOf('{"type":"x"}') + '{"type":"x"}'.length;
  for (const position of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, areaBytes - 1, 2 ** 52 + 7]) {
    const spoilt = Buffer.from(frame);
    spoilt.writeDoubleLE(position, place);
    assert.throws(
      () => new FrameReader<Message>(worker.incoming).push(spoilt, () => assert.fail('a message came of it')),
      FrameError,
    );
  }
  assert.throws(() => new FrameReader<Message>().push(frame, () => assert.fail('it came')), FrameError);
});
