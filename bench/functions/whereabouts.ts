import { threadId } from 'node:worker_threads';
import { servedSoFar } from './_served.ts';

/** Which worker answers, and how many calls of `echo` it has served. */
export interface Whereabouts {
  readonly pid: number;
  /** 0 on the main thread of a process. */
  readonly threadId: number;
  readonly served: number;
}

// Long enough that a pool with two workers hands the next call to the other one.
const blockMs = 10;
const neverWoken = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Says where it runs, after it has kept its worker from running anything else for a while. */
export default function whereabouts(): Whereabouts {
  Atomics.wait(neverWoken, 0, 0, blockMs);
  return { pid: process.pid, threadId, served: servedSoFar() };
}
