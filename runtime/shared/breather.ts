/** What is answered at once runs for no longer than this, in ms, without a turn of the event loop. */
const longestMs = 10;

/**
 * Lets the event loop of the program turn. What the program asks for is answered within the call when it is there, and a loop
 * over such answers has no end as long as workers go on to put items: timers and sockets would wait for all that time.
 */
export class Breather {
  /** When the first was answered since the event loop has turned; 0: none was. */
  #since = 0;
  /** What waits for it to turn, in its order. */
  #held: (() => void)[] | undefined;

  /** Whether answers wait for the event loop to turn. */
  get isPausing(): boolean {
    if (this.#held) return true;
    const now = performance.now();
    if (this.#since === 0) {
      this.#since = now;
      setImmediate(this.#turned);
    }
    if (now - this.#since > longestMs) this.#held = [];
    return this.#held !== undefined;
  }

  /** Runs this, now or when the event loop has turned. */
  run(step: () => void): void {
    if (this.isPausing) this.#held?.push(step);
    else step();
  }

  readonly #turned = (): void => {
    const held = this.#held ?? [];
    this.#since = 0;
    this.#held = undefined;
    for (const step of held) step();
  };
}
