/** What nobody has asked for yet is kept up to this many values, the latest, so that it costs a bounded memory. */
const keptUnread = 1024;

/** The values an invocation reports on its way; each reader gets all that are kept. */
export class ProgressLog implements AsyncIterable<unknown> {
  readonly #values: unknown[] = [];
  readonly #waiting: (() => void)[] = [];
  #isRead = false;
  #ended = false;

  push(value: unknown): void {
    this.#values.push(value);
    if (!this.#isRead && this.#values.length > keptUnread) this.#values.shift();
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  [Symbol.asyncIterator](): AsyncGenerator<unknown> {
    this.#isRead = true;
    return this.#read();
  }

  async *#read(): AsyncGenerator<unknown> {
    for (let next = 0; ; next++) {
      while (next >= this.#values.length) {
        if (this.#ended) return;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      yield this.#values[next];
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
