/**
 * Points in the course of a run at which a test can have a worker die or stand still, to force what would otherwise
 * take luck: a crash between a mark and what it marks, a cancel against a result. They are switched on by an environment
 * variable of the worker (`pool.env` in the configuration), which is read once:
 *
 *     WARM_POOL_FAIL_AT=started:3              the worker dies when it passes `started` for the third time
 *     WARM_POOL_FAIL_AT=started:3:/tmp/here    it makes the file /tmp/here then, and goes on when that is removed
 *
 * Each worker counts for itself. Switched off, which is always but in such tests, a point is one look at a variable.
 */
import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** In the order in which a run passes them; those that came together have some of their own. */
export const failurePoints = [
  /** It is written down that the run begins; the end of the one before it has been sent. */
  'started',
  /** It is written down that the run begins, and how the one before it ended, which has not been sent. */
  'journaled',
  /** The arguments are there. */
  'decoded',
  /** The handler has returned, or what it returned has resolved. */
  'ran',
  /** The result or the error is encoded. */
  'encoded',
  /** The end waits in memory, to be sent with others or to be written to the journal with the next start. */
  'added',
  /** Everything has been handed to the operating system. */
  'flushed',
  /** Of runs that came together none is written down. */
  'togetherRead',
  /** It is written down that the first of them begins. */
  'togetherStarted',
  /** One of them has returned or thrown; what came of it is not written down. */
  'togetherRan',
  /** What came of it is written down or sent, and it is written down that the one behind it begins. */
  'togetherMarked',
  /** What came of some is about to be sent; of the last one of them it is nowhere else. */
  'togetherUnsent',
  /** That has been handed to the operating system; it is not written down that the one behind them begins. */
  'togetherSent',
] as const;

export type FailurePoint = (typeof failurePoints)[number];

/** To be called as `failurePoint?.('started')`. */
export const failurePoint: ((point: FailurePoint) => void) | undefined = read(process.env.WARM_POOL_FAIL_AT);

function read(setting: string | undefined): typeof failurePoint {
  if (setting === undefined) return undefined;
  const [, point, count, file] = /^(\w+):([1-9]\d*)(?::(.+))?$/s.exec(setting) ?? [];
  if (!(failurePoints as readonly unknown[]).includes(point)) {
    const expected = `<point>:<count> or <point>:<count>:<file>, with a point of ${failurePoints.join(', ')}`;
    throw new Error(`expected WARM_POOL_FAIL_AT to be ${expected}; got ${JSON.stringify(setting)}`);
  }
  let left = Number(count);
  return (passed) => {
    if (passed !== point || --left !== 0) return;
    if (file === undefined) die();
    else standStill(file);
  };
}

/** As hard as can be: nothing of JavaScript runs any more in this process, or in this thread. */
function die(): void {
  if (isMainThread) process.kill(process.pid, 'SIGKILL');
  else process.exit(1);
  // A signal to oneself may take a moment.
  for (;;);
}

/** Blocks the event loop: nothing that is sent to this worker is read meanwhile. */
function standStill(file: string): void {
  fs.writeFileSync(file, '');
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (fs.existsSync(file)) Atomics.wait(clock, 0, 0, lookAgainMs);
}

const lookAgainMs = 5;
