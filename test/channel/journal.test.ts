import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { encodeValue } from '../../runtime/channel/codec.ts';
import { FrameBatch, type FramePlace } from '../../runtime/channel/frame-batch.ts';
import { JournalFile } from '../../runtime/channel/journal/file.ts';
import { type JournalStorage, journalBytes } from '../../runtime/channel/journal/format.ts';
import { JournalMemory } from '../../runtime/channel/journal/memory.ts';
import { JournalReader } from '../../runtime/channel/journal/reader.ts';
import { JournalWriter } from '../../runtime/channel/journal/writer.ts';
import type { Cleanup } from '../support/project.ts';

const skipFile = process.platform === 'win32' && 'an open file can not be unlinked there';

function createFile(test: Cleanup): JournalFile {
  const file = JournalFile.create() ?? assert.fail('no folder takes it');
  test.after(() => file.close());
  return file;
}

interface Place {
  readonly where: string;
  readonly skip: string | false;
  /** Both sides of one journal. */
  open(test: Cleanup): [runtime: JournalStorage, worker: JournalStorage];
}

const places: Place[] = [
  {
    where: 'a file',
    skip: skipFile,
    open(test) {
      const file = createFile(test);
      return [file, JournalFile.inherited(file.fd) ?? assert.fail('it is not open')];
    },
  },
  {
    where: 'shared memory',
    skip: false,
    open() {
      const memory = JournalMemory.create();
      return [memory, new JournalMemory(memory.shared)];
    },
  },
];

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

for (const { where, skip, open } of places) {
  const start = (t: Cleanup) => {
    const [runtime, worker] = open(t);
    return { reader: new JournalReader(runtime), writer: new JournalWriter(worker), storage: runtime };
  };

  test(`in ${where} the reader sees what is being loaded and what was started last`, { skip }, (t) => {
    const { reader, writer } = start(t);
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

  test(`in ${where} the reader sees the results that have not been sent, and none that have`, {
    skip,
  }, (t) => {
    const { reader, writer } = start(t);
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

  test(`in ${where} an entry that was cut off anywhere does not count, also over an older one of the same length`, {
    skip,
  }, (t) => {
    const { reader, writer, storage } = start(t);
    writer.started(1);
    writer.finishedAndStarted(endOf(1), 2);
    writer.finishedAndStarted(endOf(2), 3);
    const older = Buffer.alloc(journalBytes);
    storage.read(older, journalBytes, 0);
    writer.started(4);
    writer.finishedAndStarted(endOf(4), 5);
    const newer = Buffer.alloc(journalBytes);
    storage.read(newer, journalBytes, 0);
    const [from, end] = [20, older.findLastIndex((byte) => byte !== 0) + 1];
    let whole = 0;
    for (let cut = from; cut < end; cut++) {
      storage.write(newer, 0, cut, 0);
      storage.write(older, cut, end - cut, cut);
      const [, started, ends] = content(reader) as [unknown, number, number[]];
      assert(ends.length === 0 ? started === 4 : started === 5 && ends.length === 1, `cut at ${cut}`);
      whole += ends.length;
    }
    assert(whole > 0);
  });

  test(`in ${where} what was taken back is taken back for the worker, and nothing else`, { skip }, (t) => {
    const { reader, writer } = start(t);
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

  test(`in ${where} what was taken back stays so until the worker has come to it`, { skip }, (t) => {
    const { reader, writer } = start(t);
    writer.started(10);
    reader.takeBack(11, 21);
    // 21 was handed over since, and 22 ahead of it; the worker has not come to 11 yet.
    reader.takeBack(22, 23);
    for (const run of [11, 20, 22]) assert(writer.isTakenBack(run), `${run} has been taken back`);
    writer.started(23);
    reader.takeBack(24, 25);
    assert.deepEqual([writer.isTakenBack(23), writer.isTakenBack(24)], [false, true]);
  });

  // The worker marks a start and then looks; the runtime writes and then looks. Each does so at one of these moments.
  test(`in ${where} a run that is taken back while it starts is seen by one side or by both`, {
    skip,
  }, (t) => {
    for (const [marksAt, looksAt] of [
      ...[0, 1, 2].map((at) => [at, at] as const),
      ...([
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const),
    ]) {
      const [runtime, worker] = open(t);
      const writer = new JournalWriter(worker);
      let isLeftOut = false;
      const pass = (moment: number) => {
        if (moment === marksAt) writer.started(5);
        if (moment === looksAt) isLeftOut = writer.isTakenBack(5);
      };
      const reader = new JournalReader({
        memory: undefined,
        fence: () => runtime.fence(),
        read: (...args) => runtime.read(...args),
        write(...args) {
          pass(0);
          runtime.write(...args);
          pass(1);
        },
      });
      const isStarted = reader.takeBack(5, 9) >= 5;
      pass(2);
      assert(isStarted || isLeftOut, `marked at ${marksAt}, looked at ${looksAt}: it would run twice`);
    }
  });

  test(`in ${where} the reader sees the results of runs that came together, and none that were sent`, {
    skip,
  }, (t) => {
    const { reader, writer } = start(t);
    const results = [
      '1',
      undefined,
      0.1 + 0.2,
      -17,
      '"größe 人 \u{1F600}"',
      JSON.stringify('x'.repeat(2_000)),
      '{"a":[1,2]}',
    ];
    const seen = () => reader.read().ends.map(({ body }) => body);
    const bodies = results.map((result) => (typeof result === 'number' ? JSON.stringify(result) : result));
    // At first by system calls, and then, where that can be had, in memory.
    for (let round = 0, run = 1; round < 4_000; round++, run += 10) {
      writer.started(run);
      for (const [index, json] of results.entries()) {
        assert(writer.resultAndStarted(json, run + index + 1));
        if (round % 1_000 > 1) continue;
        assert.equal(reader.startedTogether, run + index + 1);
        assert.deepEqual(content(reader), [
          undefined,
          run + index + 1,
          results.slice(0, index + 1).map((_, each) => run + each),
        ]);
        assert.deepEqual(seen(), bodies.slice(0, index + 1));
      }
    }
    writer.started(50_000);
    assert.deepEqual(content(reader), [undefined, 50_000, []]);
    writer.finishedAndStarted(endOf(50_000), 50_001);
    assert.deepEqual(content(reader), [undefined, 50_001, [50_000]]);
  });

  test(`in ${where} a result of runs that came together counts once the next run is marked`, {
    skip,
  }, (t) => {
    const { reader, writer, storage } = start(t);
    writer.started(1);
    writer.resultAndStarted('"one"', 2);
    writer.resultAndStarted('"two"', 3);
    const all = Buffer.alloc(journalBytes);
    storage.read(all, journalBytes, 0);
    // What a worker has written when it dies before the mark: the entry, or a part of it.
    const unmarked = Buffer.from(all);
    unmarked.writeInt32LE(2, 20);
    for (let cut = 36; cut < 60; cut++) {
      storage.write(unmarked, 0, journalBytes, 0);
      storage.write(Buffer.alloc(60 - cut, 0xff), 0, 60 - cut, cut);
      const { started, ends } = reader.read();
      assert.deepEqual([started, ends.map(({ body }) => body)], [2, ['"one"']]);
    }
  });

  test(`in ${where} a journal that is full of such results says so`, { skip }, (t) => {
    const { reader, writer } = start(t);
    writer.started(1);
    let run = 1;
    while (writer.resultAndStarted(`"${'ü'.repeat(400)}"`, run + 1)) run++;
    assert(run > 50);
    const { started, ends } = reader.read();
    assert.equal(started, run);
    assert.equal(ends.length, run - 1);
  });

  test(`in ${where} a full journal says so`, { skip }, (t) => {
    const { reader, writer } = start(t);
    writer.started(1);
    let run = 1;
    for (let end = endOf(run, 'x'.repeat(1_000)); writer.fits(end); end = endOf(run, 'x'.repeat(1_000))) {
      writer.finishedAndStarted(end, ++run);
    }
    assert(run > 50);
    assert.equal(reader.read().started, run);
  });
}

test('the file of a journal has no name, not even while it is in use, and all the room it needs', {
  skip: skipFile,
}, (t) => {
  const { nlink, size } = fs.fstatSync(createFile(t).fd);
  assert.deepEqual([nlink, size], [0, journalBytes]);
});

test('a worker without a file for its journal goes on without one', () => {
  const unusedFd = 1_000_000;
  const writer = new JournalWriter(JournalFile.inherited(unusedFd));
  writer.loading(0);
  writer.loaded();
  writer.started(1);
  writer.finishedAndStarted(endOf(1), 2);
  assert.equal(writer.isTakenBack(2), false);
  const reader = new JournalReader(undefined);
  assert.equal(reader.canTakeBack, false);
  assert.deepEqual(reader.read(), { loading: undefined, started: undefined, ends: [] });
});
