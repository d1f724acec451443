import assert from 'node:assert/strict';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { compiled } from '../../harness/places.ts';
import { countDone, createRuntime } from './runtime.ts';
import type { WatcherOptions } from './watcher.ts';

const functionName = 'echo';

/** What is read of a first start. */
export interface FirstStartReadings {
  /** From the start until all files have been processed. */
  readonly processedMs: number;
  /** The longest time that the event loop of the runtime's process didn't turn in, meanwhile. */
  readonly stallMs: number;
}

/** Starts a runtime on an inbox none of whose files is known to it. */
export async function measureFirstStart(options: WatcherOptions): Promise<FirstStartReadings> {
  const { files } = options;
  const runtime = await createRuntime(options, {
    functions: path.join(compiled, 'functions'),
    reaction: { invoke: functionName, args: () => null },
  });
  const turns = monitorEventLoopDelay({ resolution: resolutionMs });
  turns.enable();
  const start = performance.now();
  await runtime.start();
  // Counted in memory; to ask how many receipts there are takes a query that would be seen as a stall.
  await until(() => (runtime.stats().functions[functionName]?.succeeded ?? 0) >= files);
  const processedMs = performance.now() - start;
  turns.disable();

  await until(() => countDone(runtime) === files);
  const { succeeded, invocations } = runtime.stats().functions[functionName] ?? {};
  assert.deepEqual([succeeded, invocations], [files, files], 'Expected each file to be processed once');
  await runtime.close();
  // What is recorded is the time from one look to the next, which are meant to be that far apart.
  return { processedMs, stallMs: Math.max(0, turns.max / nsInMs - resolutionMs) };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(pollMs);
}

// A look takes 0.1 ms at most, a hundredth of this.
const pollMs = 10;

// The finest there is.
const resolutionMs = 1;
const nsInMs = 1e6;
