import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arrival, type Readiness } from '../../runtime/triggers/watch/arrival.ts';
import { defaultTimings } from '../../runtime/triggers/watch/timings.ts';
import type { Completeness } from '../../runtime/triggers/watch/watched-file.ts';

/** A file that is looked at: `[when, key, verdict]`, and what is decided after the last look. */
function watchArrive(looks: readonly [at: number, key: string, verdict: Completeness][], reruns = 0) {
  let arrival: Arrival | undefined;
  let decision: Readiness = { action: 'take' };
  for (const [seenAt, key, verdict] of looks) {
    const version = { key, size: key === 'empty' ? 0 : 100, mtimeMs: 0, seenAt };
    arrival ??= new Arrival('a', version, reruns);
    arrival.see(version);
    decision = arrival.readiness(verdict, defaultTimings);
  }
  return decision;
}

const wait = (after: number) => ({ action: 'lookAgain', after });
const take = { action: 'take' };

test('whole is taken at once', () => {
  assert.deepEqual(watchArrive([[0, '1', 'whole']]), take);
});

test('unknown has to be the same for 25 ms', () => {
  assert.deepEqual(watchArrive([[0, '1', 'unknown']]), wait(25));
  assert.deepEqual(
    watchArrive([
      [0, '1', 'unknown'],
      [20, '1', 'unknown'],
    ]),
    wait(5),
  );
  assert.deepEqual(
    watchArrive([
      [0, '1', 'unknown'],
      [25, '1', 'unknown'],
    ]),
    take,
  );
  assert.deepEqual(
    watchArrive([
      [0, '1', 'unknown'],
      [25, '2', 'unknown'],
    ]),
    wait(100),
  );
});

test('unknown has to be quiet for four times the longest pause of its writer, two seconds at most', () => {
  const slow = [
    [0, '1', 'unknown'],
    [50, '2', 'unknown'],
    [90, '3', 'unknown'],
  ] as const;
  assert.deepEqual(watchArrive([...slow].map((look) => [...look])), wait(200));
  assert.deepEqual(
    watchArrive([
      ...[...slow].map((look) => [...look] as [number, string, Completeness]),
      [290, '3', 'unknown'],
    ]),
    take,
  );
  assert.deepEqual(
    watchArrive([
      [0, '1', 'unknown'],
      [5_000, '2', 'unknown'],
    ]),
    wait(2_000),
  );
});

test('with a `settle` of its own unknown has to be the same for that long, and partial at least', () => {
  const decide = (verdict: Completeness, quiet: number, settle: number) => {
    const version = (seenAt: number) => ({ key: '1', size: 100, mtimeMs: 0, seenAt });
    const arrival = new Arrival('a', version(0));
    arrival.see(version(0));
    arrival.see(version(quiet));
    return arrival.readiness(verdict, defaultTimings, settle);
  };
  assert.deepEqual(decide('unknown', 1_000, 60_000), wait(59_000));
  assert.deepEqual(decide('unknown', 60_000, 60_000), take);
  assert.deepEqual(decide('unknown', 1, 0), take);
  assert.deepEqual(decide('partial', 59_990, 60_000), wait(10));
  assert.deepEqual(decide('partial', 2_000, 0), take);
  assert.deepEqual(decide('whole', 0, 60_000), take);
});

test('partial is looked at after 25, 50, 100 … ms, and tried after 2 s of quiet', () => {
  const looks: [number, string, Completeness][] = [];
  const waits: number[] = [];
  let now = 0;
  for (;;) {
    looks.push([now, '1', 'partial']);
    const decision = watchArrive(looks);
    if (decision.action !== 'lookAgain') break;
    waits.push(decision.after);
    now += decision.after;
  }
  assert.deepEqual(waits, [25, 50, 100, 200, 400, 800, 425]);
  assert.equal(now, 2_000);
});

test('a change starts the patience anew', () => {
  assert.deepEqual(
    watchArrive([
      [0, '1', 'partial'],
      [1_999, '2', 'partial'],
    ]),
    wait(25),
  );
});

test('empty is never taken: after 2 s it is looked at once more, and after 10 s given up', () => {
  const empty = (...times: number[]) => watchArrive(times.map((at) => [at, 'empty', 'partial']));
  assert.deepEqual(empty(0), wait(25));
  assert.deepEqual(empty(0, 2_000), wait(8_000));
  assert.deepEqual(empty(0, 10_000), { action: 'giveUp', reason: 'it is empty' });
});

test('a file that changed while its function ran has to be quiet, four times as long each time', () => {
  for (const [reruns, quiet] of [
    [1, 100],
    [2, 400],
    [3, 1_600],
    [4, 6_400],
    [5, 25_600],
    [9, 30_000],
  ] as const) {
    assert.deepEqual(watchArrive([[0, '1', 'whole']], reruns), wait(quiet));
    assert.deepEqual(
      watchArrive(
        [
          [0, '1', 'whole'],
          [quiet, '1', 'whole'],
        ],
        reruns,
      ),
      take,
    );
  }
});
