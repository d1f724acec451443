import { stat } from 'node:fs/promises';
import { CoalescingQueue } from './coalescing-queue.ts';
import type { Timings } from './timings.ts';

export interface RootFolderContext {
  readonly path: string;
  readonly timings: Timings;
  onGone(): void;
  /** Another folder is at the path, or one is there again. */
  onReplaced(wasGone: boolean): void;
}

/**
 * Knows whether the watched folder is there. Its parent isn't watched, so it is asked when the folder's own watcher
 * reports something about the folder itself, now and then by the sweep, and regularly while it is missing.
 */
export class RootFolder {
  readonly #context: RootFolderContext;
  readonly #checks: CoalescingQueue;
  #identity: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(context: RootFolderContext) {
    this.#context = context;
    // One at a time: two that overtake each other could leave the older answer standing.
    this.#checks = new CoalescingQueue(1, (cause) => this.#check(cause));
  }

  /**
   * Looks whether it is still there and the same. A removed folder's inode is given to the next one at once, so
   * after an event about the folder itself the same inode says nothing: `moved` takes it for another.
   */
  check(cause: 'moved' | 'sweep'): void {
    this.#checks.add(cause);
  }

  /** Asks whether it is there now. */
  async isThere(): Promise<boolean> {
    return (await this.#identify()) !== undefined;
  }

  /** Takes the folder as it is now for the one that is watched. */
  async adopt(): Promise<void> {
    this.#identity = await this.#identify();
  }

  close(): void {
    this.#closed = true;
    this.#checks.close();
    clearTimeout(this.#timer);
  }

  async #check(cause: string): Promise<void> {
    const before = this.#identity;
    const now = await this.#identify();
    if (this.#closed) return;
    this.#identity = now;
    if (now === undefined) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.check('sweep'), this.#context.timings.absence);
      if (before !== undefined) this.#context.onGone();
    } else if (before === undefined || now !== before || cause === 'moved') {
      this.#context.onReplaced(before === undefined);
    }
  }

  async #identify(): Promise<string | undefined> {
    try {
      // A watched folder may be a link to one: that much is followed.
      const stats = await stat(this.#context.path, { bigint: true });
      return stats.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined;
    } catch {
      return undefined;
    }
  }
}
