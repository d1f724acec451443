/**
 * Holds the program up while there is work. Everything else of the runtime is unreferenced, so that a program that
 * forgot to close an idle runtime ends by itself.
 */
export class KeepAlive {
  #holders = 0;
  #timer: NodeJS.Timeout | undefined;

  hold(): void {
    if (this.#holders++ === 0) this.#timer = setInterval(() => {}, longestIntervalMs);
  }

  release(): void {
    if (--this.#holders > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
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

const longestIntervalMs = 2 ** 31 - 1;
