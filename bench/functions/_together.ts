import { threadId } from 'node:worker_threads';
import type { FunctionContext, Shared } from '../../dist/runtime/index.js';

/** What each of those is told who do something at the same time. */
export interface Together {
  /** How many they are, with the program. */
  readonly parties: number;
  /** How often each of them does it. */
  readonly times: number;
}

/** What one of them has to tell. */
export interface Part {
  readonly pid: number;
  readonly threadId: number;
  /** What it came to: a number of times, or a sum. */
  readonly result: number;
}

/** Waits for all of them, works, and says who has. */
export async function together(
  { parties }: Together,
  { shared }: FunctionContext,
  work: () => Promise<number>,
): Promise<Part> {
  await start(shared, parties);
  return { pid: process.pid, threadId, result: await work() };
}

/** Resolves when all are there. */
export async function start(shared: Shared, parties: number): Promise<void> {
  await shared.barrier('start', { parties }).wait();
}

/** Puts numbers from 0 on, and returns how many. */
export async function putAll(shared: Shared, times: number): Promise<number> {
  const queue = shared.queue<number>('queue');
  let put = 0;
  while (put < times) {
    await queue.put(put);
    put += 1;
  }
  return put;
}

/** Gets so many numbers, and returns their sum. */
export async function getAll(shared: Shared, times: number): Promise<number> {
  const queue = shared.queue<number>('queue');
  let sum = 0;
  for (let got = 0; got < times; got += 1) {
    sum += await queue.get();
  }
  return sum;
}
