/** For how many reasons what a worker runs waits for something that is not its own to end. */
export class Waits {
  readonly #onFirst: (functionName: string) => void;
  readonly #onLast: (functionName: string) => void;
  #count = 0;

  constructor(onFirst: (functionName: string) => void, onLast: (functionName: string) => void) {
    this.#onFirst = onFirst;
    this.#onLast = onLast;
  }

  get areAny(): boolean {
    return this.#count > 0;
  }

  /** It waits, for one reason more. */
  begin(functionName: string): void {
    if (this.#count++ === 0) this.#onFirst(functionName);
  }

  /** For one less. */
  end(functionName: string): void {
    if (--this.#count === 0) this.#onLast(functionName);
  }
}
