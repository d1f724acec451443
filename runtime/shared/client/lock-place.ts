import { lockBits, longestTurnMs } from '../arbiter/lock-words.ts';
import type { Asks } from './asks.ts';

/** The word of one lock, for one asker: what is free is taken, and given back, without a message. */
export class LockPlace {
  readonly #words: { readonly array: Int32Array };
  readonly #index: number;
  readonly #token: number;
  readonly #name: string;
  readonly #asks: Asks;
  /** When its holder was given it after a wait; 0: it was free. */
  #turnBeganAt = 0;
  #isKeptTold = false;

  constructor(options: {
    words: { readonly array: Int32Array };
    index: number;
    token: number;
    name: string;
    asks: Asks;
  }) {
    this.#words = options.words;
    this.#index = options.index;
    this.#token = options.token;
    this.#name = options.name;
    this.#asks = options.asks;
  }

  /** Whether it could be had at once. */
  take(): boolean {
    const { array } = this.#words;
    const before = Atomics.compareExchange(array, this.#index, 0, this.#token);
    if (before === 0) {
      this.#turnBeganAt = 0;
      return true;
    }
    const kept = lockBits.kept | lockBits.waiters | this.#token;
    return (
      before === kept &&
      Atomics.compareExchange(array, this.#index, kept, lockBits.waiters | this.#token) === kept
    );
  }

  /** It was had after a wait: how long its holder may take it again begins now. */
  beganTurn(): void {
    this.#turnBeganAt = performance.now();
    this.#isKeptTold = false;
  }

  giveBack(): void {
    const { array } = this.#words;
    if (Atomics.compareExchange(array, this.#index, this.#token, 0) === this.#token) return;
    // Others wait. Handing it to another worker takes longer than most holders need it: whoever takes it again and
    // again has it for a turn, and not for one time. Whoever found it free may have had it for long.
    const held = lockBits.waiters | this.#token;
    const mayKeep = this.#turnBeganAt !== 0 && performance.now() - this.#turnBeganAt < longestTurnMs;
    if (!mayKeep || Atomics.compareExchange(array, this.#index, held, lockBits.kept | held) !== held) {
      this.#asks.tell({ op: 'unlock', name: this.#name });
      return;
    }
    if (this.#isKeptTold) return;
    this.#isKeptTold = true;
    this.#asks.tell({ op: 'keep', name: this.#name });
  }
}
