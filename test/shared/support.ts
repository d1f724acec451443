import type fs from 'node:fs';
import type { TestContext } from 'node:test';
import type { FunctionContext, Invocation, InvokeOptions, PoolConfig, Runtime, Shared } from 'warm-pool';
import { type Isolation, isolations, testEach } from '../conformance/support.ts';
import { LogLines } from '../support/log-lines.ts';
import type { Running } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';

/** What a job has beside what is shared and its arguments. */
export interface Tools {
  readonly ctx: FunctionContext;
  readonly fs: typeof fs;
  readonly delay: (ms: number) => Promise<void>;
  /** Ends the worker as hard as one of its kind can be ended: a process by SIGKILL. */
  readonly die: () => never;
}

/**
 * What a worker is to do. It is sent as text: it has what it is given, and what Node has without an import.
 */
export type Job<Args, Result> = (shared: Shared, args: Args, tools: Tools) => Result;

const functions = {
  'functions/work.js': `
    import fs from 'node:fs';
    import { setTimeout as delay } from 'node:timers/promises';
    import { isMainThread } from 'node:worker_threads';
    const die = () => {
      if (!isMainThread) process.exit(1);
      process.kill(process.pid, 'SIGKILL');
      for (;;);
    };
    const jobs = new Map();
    export default ({ job, args }, ctx) => {
      // The compiler of the tests lets a function of its own name others.
      if (!jobs.has(job)) jobs.set(job, new Function('__name', 'return ' + job)((named) => named));
      return jobs.get(job)(ctx.shared, args, { ctx, fs, delay, die });
    };`,
};

/** Has a worker do a job. One that a test leaves behind ends with the runtime. */
export function work<Result, Args = undefined>(
  { runtime }: { readonly runtime: Runtime },
  job: Job<Args, Result>,
  args?: Args,
  options?: InvokeOptions,
): Invocation<Awaited<Result>> {
  const invocation = runtime.invoke<Awaited<Result>>('work', { job: String(job), args }, options);
  invocation.catch(() => {});
  return invocation;
}

/** Resolves with what a job tells by its progress: with each call with the next. */
export function stepsOf(invocation: Invocation<unknown>): () => Promise<unknown> {
  const steps = invocation.progress[Symbol.asyncIterator]();
  return async () => {
    const next = await within('what an invocation tells', steps.next());
    if (next.done) await invocation;
    return next.value;
  };
}

/** A job that has told this much has nothing more to do until it has its turn. */
export async function told<Result>(invocation: Invocation<Result>): Promise<Invocation<Result>[]> {
  await stepsOf(invocation)();
  return [invocation]; // in a box, as an invocation would be awaited
}

export interface SharingTest extends Running {
  readonly t: TestContext;
  readonly shared: Runtime['shared'];
  readonly log: LogLines;
  readonly isolation: Isolation;
}

interface SharingOptions extends PoolConfig {
  readonly files?: Record<string, string>;
  readonly where?: readonly Isolation[];
}

/** A test with so many warm workers, for each isolation. */
export function testShared(
  name: string,
  workers: number,
  body: (test: SharingTest) => Promise<void>,
  { files, where = isolations, ...pool }: SharingOptions = {},
): void {
  const each = async (
    t: TestContext,
    open: Parameters<Parameters<typeof testEach>[1]>[1],
    isolation: Isolation,
  ) => {
    const log = new LogLines();
    const limits = { min: workers, max: workers, timeout: Number.POSITIVE_INFINITY, ...pool };
    const running = await open(
      limits,
      { ...functions, ...files },
      {
        logger: log.logger,
        config: { pool: { isolation, ...limits } },
      },
    );
    await body({ ...running, shared: running.runtime.shared, t, log, isolation });
  };
  testEach(name, each, where);
}

/** What an error of what is shared says, also where it was had in a worker. */
export interface Told {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly cause: unknown;
}

/** So often a lock is had before a worker takes it without a message: several times what is needed. */
export const usesUntilQuick = 1000;
