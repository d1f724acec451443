import { longestTimerMs } from './timer.ts';

/**
 * Holds the program up while there is work. Everything else of the runtime is unreferenced, so that a program that
 * forgot to close an idle runtime ends by itself.
 */
export class KeepAlive {
  #holders = 0;

  hold(): void {
    if (this.#holders++ === 0) holdProgram();
  }

  release(): void {
    if (--this.#holders === 0) releaseProgram();
  }

  /** Holds until the promise settles. */
  async during<Value>(promise: Promise<Value>): Promise<Value> {
    this.hold();
    try {
      return await promise;
    } finally {
      this.release();
    }
  }
}

// One timer for all runtimes, which does nothing but exist: to take a reference to it and back costs 15 ns, to start and
// stop one for each invocation 600.
let timer: NodeJS.Timeout | undefined;
let holding = 0;

function holdProgram(): void {
  timer ??= setInterval(() => {}, longestTimerMs);
  if (holding++ === 0) timer.ref();
}

function releaseProgram(): void {
  if (--holding === 0) timer?.unref();
}
