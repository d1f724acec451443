import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { encodeValue } from '../../runtime/channel/codec.ts';
import { FrameBatch, type FramePlace } from '../../runtime/channel/frames.ts';
import { JournalReader, JournalWriter, journalBytes } from '../../runtime/channel/journal.ts';
import type { Cleanup } from '../support/project.ts';

const skip = process.platform === 'win32' && 'an open file can not be unlinked there';

function open(test: Cleanup): { reader: JournalReader; writer: JournalWriter } {
  const reader = new JournalReader();
  test.after(() => reader.close());
  return { reader, writer: new JournalWriter(reader.fd as number) };
}

const batch = new FrameBatch();

/** The frame of a run that ended, as a worker sends it. */
function endOf(run: number, result: unknown = run): FramePlace {
  const end = { type: 'succeeded', run, durationMs: 1, memoryMB: 1, output: [0, 0] };
  batch.add(end, encodeValue(result));
  return batch.last ?? assert.fail('it lies by itself');
}

function content(reader: JournalReader): unknown {
  const { loading, started, ends } = reader.read();
  return [loading, started, ends.map(({ message }) => 'run' in message && message.run)];
}

test('the reader sees what is being loaded and what was started last', { skip }, (t) => {
  const { reader, writer } = open(t);
  assert.deepEqual(content(reader), [undefined, 0, []]);
  writer.loading(3);
  assert.deepEqual(content(reader), [3, 0, []]);
  writer.loading(0);
  assert.deepEqual(content(reader), [0, 0, []]);
  writer.loaded();
  writer.started(1);
  writer.started(2 ** 31 - 1);
  assert.deepEqual(content(reader), [undefined, 2 ** 31 - 1, []]);
});

test('the reader sees the results that have not been sent, and none that have', { skip }, (t) => {
  const { reader, writer } = open(t);
  writer.started(1);
  writer.finishedAndStarted(endOf(1), 2);
  writer.finishedAndStarted(endOf(2, 'a longer result'), 5);
  assert.deepEqual(content(reader), [undefined, 5, [1, 2]]);
  // Here they were sent.
  writer.started(6);
  assert.deepEqual(content(reader), [undefined, 6, []]);
  // A frame of another length, so that the next old one begins in the middle of it.
  writer.finishedAndStarted(endOf(6, 'x'), 7);
  assert.deepEqual(content(reader), [undefined, 7, [6]]);
});

test('an entry that was cut off anywhere does not count, also over an older one of the same length', {
  skip,
}, (t) => {
  const { reader, writer } = open(t);
  writer.started(1);
  writer.finishedAndStarted(endOf(1), 2);
  writer.finishedAndStarted(endOf(2), 3);
  const older = Buffer.alloc(journalBytes);
  fs.readSync(reader.fd as number, older, 0, journalBytes, 0);
  writer.started(4);
  writer.finishedAndStarted(endOf(4), 5);
  const newer = Buffer.alloc(journalBytes);
  fs.readSync(reader.fd as number, newer, 0, journalBytes, 0);
  const [from, end] = [20, older.findLastIndex((byte) => byte !== 0) + 1];
  let whole = 0;
  for (let cut = from; cut < end; cut++) {
    fs.writeSync(reader.fd as number, newer, 0, cut, 0);
    fs.writeSync(reader.fd as number, older, cut, end - cut, cut);
    const [, started, ends] = content(reader) as [unknown, number, number[]];
    assert(ends.length === 0 ? started === 4 : started === 5 && ends.length === 1, `cut at ${cut}`);
    whole += ends.length;
  }
  assert(whole > 0);
});

test('what was taken back is taken back for the worker, and nothing else', { skip }, (t) => {
  const { reader, writer } = open(t);
  const takenBack = (to: number) =>
    Array.from({ length: to }, (_, run) => run).filter((run) => writer.isTakenBack(run));
  assert.deepEqual(takenBack(10), []);
  writer.started(3);
  assert.equal(reader.takeBack(5, 8), 3);
  assert.deepEqual(takenBack(10), [5, 6, 7]);
  // The worker may not have come to those yet.
  assert.equal(reader.takeBack(8, 10), 3);
  assert.deepEqual(takenBack(12), [5, 6, 7, 8, 9]);
  writer.started(12);
  writer.finishedAndStarted(endOf(12), 13);
  assert.equal(reader.takeBack(14, 16), 13);
  assert.deepEqual(takenBack(20), [14, 15]);
});

test('what was taken back stays so until the worker has come to it', { skip }, (t) => {
  const { reader, writer } = open(t);
  writer.started(10);
  reader.takeBack(11, 21);
  // 21 was handed over since, and 22 ahead of it; the worker has not come to 11 yet.
  reader.takeBack(22, 23);
  for (const run of [11, 20, 22]) assert(writer.isTakenBack(run), `${run} has been taken back`);
  writer.started(23);
  reader.takeBack(24, 25);
  assert.deepEqual([writer.isTakenBack(23), writer.isTakenBack(24)], [false, true]);
});

test('a full journal says so', { skip }, (t) => {
  const { reader, writer } = open(t);
  writer.started(1);
  let run = 1;
  for (let end = endOf(run, 'x'.repeat(1_000)); writer.fits(end); end = endOf(run, 'x'.repeat(1_000))) {
    writer.finishedAndStarted(end, ++run);
  }
  assert(run > 50);
  assert.equal(reader.read().started, run);
  assert.equal(fs.fstatSync(reader.fd as number).size, journalBytes);
});

test('a journal leaves no file, not even while it is in use', { skip }, (t) => {
  assert.equal(fs.fstatSync(open(t).reader.fd as number).nlink, 0);
});

test('a worker without a file for its journal goes on without one', () => {
  const unusedFd = 1_000_000;
  const writer = new JournalWriter(unusedFd);
  writer.loading(0);
  writer.loaded();
  writer.started(1);
  writer.finishedAndStarted(endOf(1), 2);
  assert.equal(writer.isTakenBack(2), false);
});
