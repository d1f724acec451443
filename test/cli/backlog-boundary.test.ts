import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backlog, type FileCounts } from '../../cli/backlog/backlog.ts';
import { describeBacklog, describeStoppedBacklog } from '../../cli/output/backlog.ts';

/** A backlog that began at 0 ms, with what has become of it at a time. */
function backlogAt(...looks: [ms: number, counts: FileCounts][]): Backlog {
  const backlog = new Backlog(0);
  for (const [ms, counts] of looks) backlog.look(counts, ms);
  return backlog;
}

test('20 files that are left after a second are a backlog; 19 are none, and so are 20 before that', () => {
  assert.equal(backlogAt([0, { queued: 20 }], [999, { queued: 20 }]).isShown, false);
  assert.equal(backlogAt([0, { queued: 20 }], [1000, { queued: 20 }]).isShown, true);
  assert.equal(backlogAt([0, { queued: 20 }], [1000, { queued: 19 }]).isShown, false);
  assert.equal(backlogAt([0, { queued: 19 }], [60_000, { queued: 19 }]).isShown, false);
  assert.equal(backlogAt([0, { queued: 100_000 }], [999, { queued: 99_000 }]).isShown, false);
});

test('the second counts from when there were 20', () => {
  const looks: [number, FileCounts][] = [
    [0, { queued: 19 }],
    [5_000, { queued: 20 }],
  ];
  assert.equal(backlogAt(...looks, [5_999, { queued: 20 }]).isShown, false);
  assert.equal(backlogAt(...looks, [6_000, { queued: 20 }]).isShown, true);
  const again: [number, FileCounts][] = [
    [5_500, { queued: 19 }],
    [5_600, { queued: 20 }],
  ];
  assert.equal(backlogAt(...looks, ...again, [6_500, { queued: 20 }]).isShown, false);
});

test('files count that something still has to be done with, whatever it is, and no others', () => {
  const left = { queued: 14, held: 1, running: 4, waiting: 1 };
  assert.equal(backlogAt([0, left], [1000, left]).isShown, true);
  const others = { queued: 19, arriving: 500, done: 500, setAside: 500, output: 500, gone: 500 };
  assert.equal(backlogAt([0, others], [1000, others]).isShown, false);
});

test('once it is shown it goes on to the last of its files, and sums up then', () => {
  const backlog = backlogAt([0, { queued: 20 }], [1000, { queued: 20 }]);
  for (let done = 0; done < 18; done++) backlog.fileEnded('done');
  assert.equal(backlog.look({ running: 2 }, 2000), undefined);
  assert.equal(backlog.isShown, true);
  const { ended, total, failed } = backlog.progress(2000);
  assert.deepEqual([ended, total, failed], [18, 20, 0]);
  backlog.fileEnded('done');
  backlog.fileEnded('setAside');
  assert.deepEqual(backlog.look({ done: 19, setAside: 1 }, 3500), {
    files: 20,
    setAside: 1,
    durationMs: 3500,
  });
  assert.equal(backlog.isShown, false);
});

test('many files that land meanwhile are a part of it; a few that come at its end do not prolong it', () => {
  const backlog = backlogAt([0, { queued: 30 }], [1000, { queued: 30 }]);
  for (let done = 0; done < 10; done++) backlog.fileEnded('done');
  backlog.look({ queued: 90 }, 2000);
  assert.equal(backlog.progress(2000).total, 100);
  for (let done = 0; done < 85; done++) backlog.fileEnded('done');
  backlog.look({ queued: 5 }, 3000);
  for (let done = 0; done < 5; done++) backlog.fileEnded('done');
  // These five have come since.
  assert.equal(backlog.look({ queued: 5 }, 4000)?.files, 100);
});

test('the line of the log at the end is as documented', () => {
  const finished = { files: 2000, setAside: 3, durationMs: 140_000 };
  assert.equal(
    describeBacklog('inbox:checksum', finished),
    'inbox:checksum: 2,000 files in 2 min 20 s, 3 set aside',
  );
  assert.equal(
    describeBacklog('inbox:checksum', { files: 999, setAside: 0, durationMs: 8500 }),
    'inbox:checksum: 999 files in 8.5 s',
  );
  const many = { files: 1_234_567, setAside: 1000, durationMs: 3_900_000 };
  assert.equal(
    describeStoppedBacklog('inbox:checksum', many, 10_000),
    'inbox:checksum: 1,234,567 files in 1 h 5 min, 1,000 set aside; 10,000 are left',
  );
});
