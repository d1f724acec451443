import assert from 'node:assert/strict';
import path from 'node:path';
import type { Runtime } from '../../../dist/runtime/index.js';
import { getAll, type Part, putAll, start } from '../../functions/_together.ts';
import { compiled } from '../../harness/places.ts';
import type { WorkerKind } from '../pools/pool.ts';
import { loadWarmPool } from '../warm-pool.ts';
import type { Sharing, SharingOptions } from './sharing.ts';
import { partiesOf, type Side, sumOfItems, type Work, workersOf } from './work.ts';

/** What a runtime shares with its workers, as functions and an embedding app use it. */
export async function open({ work, kind, build, folder }: SharingOptions): Promise<Sharing> {
  const { createRuntime } = await loadWarmPool(build);
  const workers = workersOf(work);
  const runtime = await createRuntime({
    cwd: folder,
    config: {
      functions: [path.join(compiled, 'functions')],
      pool: { min: workers, max: workers, isolation: kind, timeout: Infinity },
    },
  });
  return {
    run: async (times) => {
      const { ms, results } = await inAllWorkers(runtime, kind, {
        functions: functionsOf(work),
        args: { times },
        own: ownPart(runtime, work, times),
      });
      assertDone(work, times, results);
      return ms;
    },
    count: async (times, file) => {
      const functions = Array.from({ length: workers }, () => 'counts');
      await inAllWorkers(runtime, kind, { functions, args: { times, file } });
    },
    close: () => runtime.close(),
  };
}

/** What the workers run, one function each. */
function functionsOf(work: Work): string[] {
  switch (work.kind) {
    case 'lock':
      return Array.from({ length: work.workers }, () => 'locks');
    case 'queue':
      return [...onSide(work.producers, 'puts'), ...onSide(work.consumers, 'gets')];
    case 'map':
      return ['sets'];
  }
}

function onSide(side: Side, name: string): string[] {
  return side === 'program' ? [] : Array.from({ length: side }, () => name);
}

/** What the program itself does, if it is on one of the sides. */
function ownPart({ shared }: Runtime, work: Work, times: number): (() => Promise<number>) | undefined {
  if (work.kind !== 'queue') return undefined;
  if (work.producers === 'program') return () => putAll(shared, times);
  return work.consumers === 'program' ? () => getAll(shared, times) : undefined;
}

interface AllWork {
  readonly functions: readonly string[];
  readonly args: { readonly times: number; readonly file?: string };
  readonly own?: (() => Promise<number>) | undefined;
}

async function inAllWorkers(
  runtime: Runtime,
  kind: WorkerKind,
  { functions, args, own }: AllWork,
): Promise<{ ms: number; results: number[] }> {
  const parties = functions.length + 1;
  const invoked = Promise.all(functions.map((name) => runtime.invoke<Part>(name, { ...args, parties })));
  // Who fails before all are there would be waited for by the others.
  await Promise.race([start(runtime.shared, parties), invoked]);
  const startedAt = performance.now();
  const [parts, result] = await Promise.all([invoked, own?.()]);
  const ms = performance.now() - startedAt;
  assertApart(parts, kind);
  const results = parts.map((part) => part.result);
  return { ms, results: result === undefined ? results : [...results, result] };
}

// Two that one worker ran one after the other would not have been in each other's way.
function assertApart(parts: readonly Part[], kind: WorkerKind): void {
  const workers = new Set(parts.map(({ pid, threadId }) => `${pid}/${threadId}`));
  assert.equal(workers.size, parts.length, `Expected ${parts.length} workers, got ${workers.size}`);
  for (const { pid } of parts) {
    assert.equal(pid === process.pid, kind === 'thread', `Expected each worker to be a ${kind}`);
  }
}

function assertDone(work: Work, times: number, results: readonly number[]): void {
  const total = results.reduce((sum, result) => sum + result, 0);
  assert.equal(total, expectedOf(work, times), 'Expected all of it to be done');
}

/** Of all parts together: what was done so often, and of consumers the sums of what they got. */
function expectedOf(work: Work, times: number): number {
  switch (work.kind) {
    case 'lock':
      return work.workers * times;
    case 'queue':
      return partiesOf(work.producers) * (times + sumOfItems(times));
    case 'map':
      return times;
  }
}
