import { Fifo } from './fifo.ts';
import type { Receipt } from './file-state.ts';

/**
 * What is known of each file, by its path below the watched folder, and the line of those that are queued. Kept
 * behind this interface so that a database can stand in for memory: nothing else in the trigger remembers a file
 * that is queued or settled.
 */
export interface Receipts {
  get(path: string): Receipt | undefined;
  /** A `queued` receipt puts the file at the end of the line, one that is marked `returned` before those. */
  set(path: string, receipt: Receipt): void;
  delete(path: string): void;
  /** The file at the head of the line. It leaves the line when its receipt changes. */
  firstQueued(): string | undefined;
  /** Resolves when all that was set so far would survive a crash, as far as the implementation promises that. */
  committed(): Promise<void>;
  /** All known paths. May be read on while receipts change. */
  paths(): Iterable<string>;
}

/** Receipts that last as long as the process. */
export class MemoryReceipts implements Receipts {
  readonly #receipts = new Map<string, Receipt>();
  // Both lines may hold paths that are not queued any more; they are passed over when they come to the head.
  readonly #returned = new Fifo<string>();
  readonly #line = new Fifo<string>();

  get(path: string): Receipt | undefined {
    return this.#receipts.get(path);
  }

  set(path: string, receipt: Receipt): void {
    this.#receipts.set(path, receipt);
    if (receipt.name === 'queued') (receipt.returned ? this.#returned : this.#line).push(path);
  }

  delete(path: string): void {
    this.#receipts.delete(path);
  }

  firstQueued(): string | undefined {
    for (const line of [this.#returned, this.#line]) {
      for (let path = line.peek(); path !== undefined; path = line.peek()) {
        if (this.#receipts.get(path)?.name === 'queued') return path;
        line.shift();
      }
    }
    return undefined;
  }

  committed(): Promise<void> {
    return Promise.resolve();
  }

  paths(): Iterable<string> {
    return this.#receipts.keys();
  }
}
