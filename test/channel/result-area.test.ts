import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { FrameBatch } from '../../runtime/channel/frame-batch.ts';
import { FrameReader } from '../../runtime/channel/frame-reader.ts';
import { areaBytes, ResultReader, ResultWriter } from '../../runtime/channel/result-area.ts';
import type { Cleanup } from '../support/project.ts';
import { beginMapping, equal, mappedFiles, randomBytes, skipMemory as skip } from './support-memory.ts';
import { forSeeds } from './support-random.ts';

/** Both sides of one area. */
function openArea(test: Cleanup): [runtime: ResultReader, worker: ResultWriter] {
  const runtime = ResultReader.create() ?? assert.fail('there is no room for it');
  test.after(() => runtime.close());
  return [runtime, ResultWriter.inherited(runtime.fd) ?? assert.fail('it is not open')];
}

for (const how of ['with system calls', 'mapped']) {
  test(`what is put into the area comes out of it, in any sizes and any backlog, ${how}`, { skip }, (t) => {
    if (how === 'mapped') beginMapping();
    const [runtime, worker] = openArea(t);
    const unread: { bytes: Uint8Array; position: number }[] = [];
    let refused = 0;
    let wrapped = 0;
    const takeFirst = () => {
      const { bytes, position } = unread.shift() ?? assert.fail('nothing is unread');
      assert(equal(bytes, runtime.take(position, bytes.length)), `at ${position}`);
    };
    forSeeds(150, (random) => {
      const bytes = randomBytes(random.below(random.pick([10, 100_000, 9_000_000])));
      const position = worker.put(bytes);
      if (position === undefined) refused++;
      else unread.push({ bytes, position });
      if (position !== undefined && position >= areaBytes) wrapped++;
      if (position === undefined || random.below(3) === 0) {
        for (let count = random.below(unread.length + 1); count > 0; count--) takeFirst();
      }
    });
    while (unread.length > 0) takeFirst();
    assert(refused > 0 && wrapped > 5, `${refused} were refused, ${wrapped} lay behind the first end`);
    if (how === 'mapped') assert(mappedFiles() > 0);
  });
}

test('when all has been read the area begins anew, so that it takes no more memory than it needs', {
  skip,
}, (t) => {
  const [runtime, worker] = openArea(t);
  for (let count = 0; count < 100; count++) {
    const position = worker.put(randomBytes(1_000_000)) ?? assert.fail('there is no room');
    assert.equal(position % areaBytes, 0);
    runtime.take(position, 1_000_000);
  }
  assert(fs.fstatSync(runtime.fd).blocks * 512 < 1_100_000);
});

test('as much as it holds fits in at any time', { skip }, (t) => {
  const [runtime, worker] = openArea(t);
  const third = Math.floor(areaBytes / 3);
  const positions: number[] = [];
  for (let count = 0; count < 200; count++) {
    positions.push(
      worker.put(new Uint8Array(1_000_000)) ?? assert.fail(`there is no room for the ${count}th`),
    );
    // Now and then all have been read, and it begins anew.
    const unread = count % 7 === 0 ? 0 : 3;
    while (positions.length > unread) runtime.take(positions.shift() as number, 1_000_000);
  }
  while (positions.length > 0) runtime.take(positions.shift() as number, 1_000_000);
  for (let count = 0; count < 3; count++) assert(worker.put(new Uint8Array(third)) !== undefined);
});

test('what is not read yet is not written over; once it is, there is room again', { skip }, (t) => {
  const [runtime, worker] = openArea(t);
  const quarter = areaBytes / 4;
  const all = Array.from({ length: 4 }, () => randomBytes(quarter));
  assert.deepEqual(
    all.map((bytes) => worker.put(bytes)),
    [0, quarter, 2 * quarter, 3 * quarter],
  );
  assert.equal(worker.put(randomBytes(1)), undefined);
  for (const [index, bytes] of all.slice(0, 3).entries()) {
    assert(equal(bytes, runtime.take(index * quarter, quarter)));
    assert.equal(worker.put(randomBytes(quarter)), areaBytes + index * quarter);
  }
});

test('what is larger than the area has no place in it, and changes nothing', { skip }, (t) => {
  const [, worker] = openArea(t);
  assert.equal(worker.put(new Uint8Array(areaBytes + 1)), undefined);
  assert.equal(worker.put(new Uint8Array(areaBytes)), 0);
});

test('what can not be written, as when the folder in memory is full, follows its frame', { skip }, (t) => {
  const [runtime] = openArea(t);
  const fd = fs.openSync(`/proc/self/fd/${runtime.fd}`, 'r');
  t.after(() => fs.closeSync(fd));
  const worker = new ResultWriter(fd);
  assert.equal(worker.put(randomBytes(100_000)), undefined);
  const batch = new FrameBatch(worker);
  const bytes = randomBytes(100_000);
  batch.add({ type: 'x' }, { codec: 'v8', bytes: Buffer.from('small'), buffers: [bytes] });
  const reader = new FrameReader<{ type: string }>(runtime);
  const found: unknown[] = [];
  for (const chunk of batch.take()) reader.push(chunk as Buffer, (_, body) => found.push(body));
  assert.deepEqual(found, [{ codec: 'v8', bytes: Buffer.from('small'), buffers: [bytes.buffer] }]);
});

test('a position that makes no sense is a RangeError', { skip }, (t) => {
  const [runtime] = openArea(t);
  for (const position of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, areaBytes - 1, 2 ** 60]) {
    assert.throws(() => runtime.take(position, 100_000), RangeError, String(position));
  }
  assert.throws(() => runtime.take(0, areaBytes + 1), RangeError);
});
