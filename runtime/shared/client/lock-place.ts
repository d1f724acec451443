import { lockBits, withOneMoreTake } from '../arbiter/lock-words.ts';
import { turnsPerHandOver } from '../arbiter/turn-length.ts';
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
  #turnMs = 0;
  #isTold = false;
  /** When it was given back although others waited, if it was not had since; else 0. */
  #givenBackAt = 0;
  /** Whether it was wanted again, after that, sooner than another one would have had it. */
  #isWantedAgain = true;
  /** When the clock was read last, of which there is no need for so many times. */
  #lookedAt = 0;
  #timesToLook = 0;

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
    if ((before & ~lockBits.takes) !== kept) return false;
    const taken = withOneMoreTake(before) & ~lockBits.kept;
    if (Atomics.compareExchange(array, this.#index, before, taken) !== before) return false;
    this.#givenBackAt = 0;
    return true;
  }

  /** It could not be had at once, at this time by performance.now(). */
  missed(now: number): void {
    if (this.#givenBackAt === 0) return;
    this.#isWantedAgain = now - this.#givenBackAt < this.#turnMs / turnsPerHandOver;
    this.#givenBackAt = 0;
  }

  /** It was had after a wait: for so long its holder may take it again from now on. */
  beganTurn(turnMs = 0): void {
    this.#turnBeganAt = turnMs === 0 ? 0 : performance.now();
    this.#turnMs = turnMs;
    this.#isTold = false;
    this.#timesToLook = 0;
  }

  giveBack(): void {
    const { array } = this.#words;
    if (Atomics.compareExchange(array, this.#index, this.#token, 0) === this.#token) return;
    // Others wait. Handing it to another worker takes longer than most holders need it: whoever takes it again and
    // again has it for a turn, and not for one time. Whoever found it free may have had it for long.
    const now = this.#look();
    const hadMs = now - this.#turnBeganAt;
    this.#givenBackAt = now;
    const mayKeep =
      this.#turnBeganAt !== 0 && this.#isWantedAgain && hadMs < this.#turnMs && this.#keep(array);
    if (mayKeep && this.#isTold) return;
    const after = this.#turnBeganAt === 0 || this.#isTold ? undefined : hadMs;
    this.#isTold = true;
    this.#asks.tell({ op: mayKeep ? 'keep' : 'unlock', name: this.#name, after });
  }

  /** The time, as it was a moment ago: to read the clock takes a fourth of the time that it takes to have a lock again. */
  #look(): number {
    if (this.#timesToLook > 0) {
      this.#timesToLook--;
      return this.#lookedAt;
    }
    const now = performance.now();
    // What took short is likely to go on so. Where it doesn't, the turn is longer by so many times at the most.
    if (now - this.#lookedAt < shortMs) this.#timesToLook = timesPerLook - 1;
    this.#lookedAt = now;
    return now;
  }

  #keep(array: Int32Array): boolean {
    const word = Atomics.load(array, this.#index);
    if ((word & ~lockBits.takes) !== (lockBits.waiters | this.#token)) return false;
    return Atomics.compareExchange(array, this.#index, word, lockBits.kept | word) === word;
  }
}

/** The clock is read after so many times that took shorter than this together. */
const timesPerLook = 4;
const shortMs = 0.02;
