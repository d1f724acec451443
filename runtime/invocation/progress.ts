/**
 * The values an invocation reports on its way. Values are kept from the moment somebody asks for them, so that an
 * invocation whose progress nobody reads costs no memory; each reader gets all of them.
 */
export class ProgressLog implements AsyncIterable<unknown> {
  readonly #values: unknown[] = [];
  readonly #waiting: (() => void)[] = [];
  #ended = false;

  push(value: unknown): void {
    this.#values.push(value);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
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
