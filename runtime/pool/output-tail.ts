/** The last lines that a worker wrote to stderr, for the report of its end. */
export class OutputTail {
  readonly #lines: string[] = [];

  push(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > mostLines) this.#lines.shift();
  }

  clear(): void {
    this.#lines.length = 0;
  }

  get lines(): string[] {
    return [...this.#lines];
  }
}

/** A stack and what was said before it. */
const mostLines = 20;
