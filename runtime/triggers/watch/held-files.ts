export interface HeldFilesContext {
  /** Finds out whether a held file may go on; when it may not, it is to be added again. */
  check(path: string): void;
  /** Some were checked. */
  onChecked(): void;
  /** A check failed. */
  onBroken(error: unknown): void;
  /** How long a doubt that no writer has caused lasts, in ms. */
  readonly doubt: number;
}

/**
 * The files that are held back, by the writer that each of them waits for: when an invocation ends, those alone are
 * checked that wait for it, however many there are. They are checked in slices, one in each turn.
 */
export class HeldFiles {
  readonly #context: HeldFilesContext;
  readonly #byWriter = new Map<string, Set<string>>();
  readonly #due = new Set<string>();
  #turn: NodeJS.Immediate | undefined;
  #doubt: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(context: HeldFilesContext) {
    this.#context = context;
  }

  /** A file is held back until this writer is over; without one, for a while. */
  add(path: string, writer: string | undefined): void {
    const key = writer ?? nobody;
    const waiting = this.#byWriter.get(key) ?? new Set();
    this.#byWriter.set(key, waiting.add(path));
    if (writer !== undefined || this.#closed) return;
    // One timer for all: each may be held for twice as long, and thousands of them cost one check each in that time.
    this.#doubt ??= setTimeout(() => {
      this.#doubt = undefined;
      this.over(nobody);
    }, this.#context.doubt);
  }

  /** Nothing more is to be expected of a writer. */
  over(writer: string): void {
    for (const path of this.#byWriter.get(writer) ?? []) this.#due.add(path);
    this.#byWriter.delete(writer);
    if (this.#due.size > 0 && !this.#closed) this.#turn ??= setImmediate(() => this.#checkSome());
  }

  /** What writers are expected to write has changed. */
  checkAll(): void {
    for (const writer of [...this.#byWriter.keys()]) this.over(writer);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#doubt);
    clearImmediate(this.#turn);
  }

  #checkSome(): void {
    this.#turn = undefined;
    let count = 0;
    try {
      for (const path of this.#due) {
        this.#due.delete(path);
        this.#context.check(path);
        count += 1;
        if (count === checkedATurn) break;
      }
    } catch (error) {
      this.#context.onBroken(error);
    }
    this.#context.onChecked();
    if (this.#due.size > 0 && !this.#closed) this.#turn ??= setImmediate(() => this.#checkSome());
  }
}

// No file has this path.
const nobody = '';

/** A check takes up to 90 µs, as it reads a receipt or two. */
export const checkedATurn = 64;
