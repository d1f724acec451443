import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Arena, ArenaReader, arenaBytes, type Block, Lease } from '../../runtime/channel/arena.ts';
import type { EncodedBytes } from '../../runtime/channel/codec.ts';
import { encodeValue, withArena, withoutArena } from '../../runtime/channel/codec.ts';
import { FrameBatch } from '../../runtime/channel/frame-batch.ts';
import { FrameError } from '../../runtime/channel/frame-format.ts';
import { FrameReader } from '../../runtime/channel/frame-reader.ts';
import type { Part } from '../../runtime/channel/structured.ts';
import type { Cleanup } from '../support/project.ts';
import { beginMapping, equal, mappedFiles, randomBytes, skipMemory as skip } from './support-memory.ts';
import { forSeeds } from './support-random.ts';

interface Message {
  readonly type: string;
}

/** An arena as the runtime and as a worker sees it. */
function openArena(test: Cleanup): [runtime: Arena, worker: ArenaReader] {
  const arena = Arena.use() ?? assert.fail('there is no room for it');
  test.after(() => arena.release());
  return [arena, ArenaReader.inherited(arena.readFd) ?? assert.fail('it is not open')];
}

for (const how of ['with system calls', 'mapped']) {
  test(`blocks come and go in any order and sizes, and none lies on another, ${how}`, { skip }, (t) => {
    if (how === 'mapped') beginMapping();
    const [runtime, worker] = openArena(t);
    const used: { bytes: Uint8Array; block: Block }[] = [];
    let refused = 0;
    forSeeds(300, (random) => {
      const bytes = randomBytes(random.below(random.pick([10, 100_000, 9_000_000])));
      const block = runtime.put(bytes);
      if (block) used.push({ bytes, block });
      else refused++;
      while (used.length > 0 && (!block || random.below(3) === 0) && random.below(6) > 0) {
        const [one] = used.splice(random.below(used.length), 1);
        assert(one && equal(one.bytes, worker.take(one.block.position, one.block.byteLength)));
        assert(equal(one.bytes, runtime.read(one.block)));
        runtime.free(one.block);
      }
    });
    assert(refused > 0);
    for (const { bytes, block } of used) {
      assert(equal(bytes, worker.take(block.position, block.byteLength)));
      runtime.free(block);
    }
    assert.equal(runtime.freeBytes, arenaBytes);
    assert.equal(runtime.put(randomBytes(arenaBytes))?.position, 0, 'what is free has come together again');
    if (how === 'mapped') assert(mappedFiles() > 0);
  });
}

test('workers can read it and not write to it', { skip }, (t) => {
  const [{ readFd }] = openArena(t);
  assert.throws(() => fs.writeSync(readFd, 'x', 0), { code: 'EBADF' });
});

test('an arena leaves no file, not even while it is in use, and closes its own when nobody uses it', {
  skip,
}, () => {
  const before = fs.readdirSync('/proc/self/fd').length;
  const arena = Arena.use();
  assert(arena);
  assert.equal(Arena.use(), arena);
  assert.deepEqual(
    fs.readdirSync('/dev/shm').filter((name) => name.startsWith('.warm-pool')),
    [],
  );
  const lease = new Lease(arena).hold();
  lease.put(randomBytes(100_000));
  arena.release();
  arena.release();
  assert.equal(Arena.current, arena, 'a call still has something in it');
  lease.release();
  assert.equal(Arena.current, undefined);
  assert.equal(fs.readdirSync('/proc/self/fd').length, before);
});

test('it can be switched off', () => {
  process.env.WARM_POOL_NO_SHARED_MEMORY = '1';
  try {
    assert.equal(Arena.use(), undefined);
  } finally {
    delete process.env.WARM_POOL_NO_SHARED_MEMORY;
  }
});

test('a lease is there until the last has let go of it', { skip }, (t) => {
  const [arena] = openArena(t);
  const bytes = randomBytes(100_000);
  const value = encodeValue({ bytes }, 'args', { arena }) as EncodedBytes;
  assert(value.lease);
  value.lease.hold();
  value.lease.release();
  assert(arena.freeBytes < arenaBytes);
  value.lease.release();
  assert.equal(arena.freeBytes, arenaBytes);
});

test('a value that can not be encoded, or has nothing large, keeps no room', { skip }, (t) => {
  const [arena] = openArena(t);
  const bytes = randomBytes(100_000);
  assert.throws(() => encodeValue({ bytes, run() {} }, 'args', { arena }), { path: 'args.run' });
  const { lease } = encodeValue({ bytes: bytes.subarray(0, 1_000) }, 'args', { arena }) as EncodedBytes;
  assert.equal(lease, undefined);
  assert.equal(arena.freeBytes, arenaBytes);
});

const bufferOf = (body: EncodedBytes, index = 0): Part => body.buffers?.[index] ?? assert.fail('none');

test('a value can be brought into an arena and out of it again', { skip }, (t) => {
  const [arena] = openArena(t);
  const bytes = randomBytes(100_000);
  const plain = encodeValue(bytes) as EncodedBytes;
  const placed = withArena(plain, arena);
  assert(placed.lease && !(bufferOf(placed) instanceof ArrayBuffer));
  assert.equal(withArena(placed, arena), placed);
  const copy = withoutArena(placed);
  placed.lease.release();
  assert.equal(arena.freeBytes, arenaBytes);
  assert(equal(bytes, bufferOf(copy) as ArrayBuffer));
});

const bodyOf = (...buffers: Part[]): EncodedBytes => ({ codec: 'v8', bytes: Buffer.from('small'), buffers });

test('frames with buffers in memory, behind them and without any come back in their order', { skip }, (t) => {
  const [runtime, worker] = openArena(t);
  const [bytes, other] = [randomBytes(100_000), randomBytes(200_000)];
  const block = runtime.put(bytes) ?? assert.fail('there is no room');
  const batch = new FrameBatch();
  batch.add({ type: 'first' }, '1');
  batch.add({ type: 'in memory' }, bodyOf(block, block));
  batch.add({ type: 'behind' }, bodyOf(other.buffer));
  batch.add({ type: 'both' }, bodyOf(block, other.buffer, block));
  batch.add({ type: 'last' }, undefined);
  const chunks = batch.take();
  assert(chunks.reduce((sum, { length }) => sum + length, 0) < 401_000);
  const found: string[] = [];
  const reader = new FrameReader<Message>(worker);
  for (const chunk of chunks) {
    reader.push(chunk as Buffer, ({ type }, body) => {
      const buffers = typeof body === 'object' ? (body.buffers ?? []) : [];
      const names = buffers.map((buffer) => {
        const which = [bytes, other].findIndex((expected) => equal(expected, buffer as ArrayBuffer));
        return ['bytes', 'other'][which];
      });
      found.push([type, ...names].join(' '));
    });
  }
  assert.deepEqual(found, [
    'first',
    'in memory bytes bytes',
    'behind other',
    'both bytes other bytes',
    'last',
  ]);
});

test('a position that makes no sense, and a side without a memory, are a FrameError', { skip }, (t) => {
  const [runtime, worker] = openArena(t);
  const batch = new FrameBatch();
  batch.add({ type: 'x' }, bodyOf(runtime.put(randomBytes(100_000)) ?? assert.fail('there is no room')));
  const [frame] = batch.take() as [Buffer];
  const head = '{"type":"x"}';
  const place = frame.indexOf(head) + head.length + 4 + 4;
  assert.equal(frame.readUInt32LE(place - 4), 100_000);
  for (const position of [-2, 0.5, Number.NaN, Number.POSITIVE_INFINITY, arenaBytes - 1, 2 ** 52 + 7]) {
    const spoilt = Buffer.from(frame);
    spoilt.writeDoubleLE(position, place);
    assert.throws(
      () => new FrameReader<Message>(worker).push(spoilt, () => assert.fail('a message came of it')),
      FrameError,
    );
  }
  assert.throws(() => new FrameReader<Message>().push(frame, () => assert.fail('it came')), FrameError);
});

test('random bytes where a table of buffers should be never crash or hang the reader', { skip }, (t) => {
  const [runtime, worker] = openArena(t);
  const block = runtime.put(randomBytes(70_000)) ?? assert.fail('there is no room');
  let [messages, errors] = [0, 0];
  forSeeds(400, (random) => {
    const batch = new FrameBatch();
    batch.add({ type: 'x' }, bodyOf(block, randomBytes(random.below(50)).buffer));
    const bytes = Buffer.concat(batch.take());
    // Behind the prefix, which other tests spoil: the head, the table and what follows.
    const spoilt = random.below(3);
    for (let count = 0; count < spoilt; count++)
      bytes[10 + random.below(bytes.length - 10)] = random.below(256);
    const reader = new FrameReader<Message>(worker);
    try {
      for (const cut of [bytes.subarray(0, random.below(bytes.length)), bytes]) {
        const rest = cut === bytes ? bytes.subarray(0) : cut;
        new FrameReader<Message>(worker).push(rest, () => messages++);
      }
      reader.push(bytes, () => messages++);
    } catch (error) {
      assert(error instanceof FrameError, `${(error as Error).stack}`);
      errors++;
    }
  });
  assert(messages > 100 && errors > 50, `${messages} messages, ${errors} errors`);
});
