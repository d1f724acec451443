import type { Words } from '../shared-words.ts';
import type { Asker, Claim } from './asker.ts';
import type { LockWait } from './deadlock.ts';
import type { Deadlocks } from './deadlocks.ts';
import { lockBits } from './lock-words.ts';
import type { TurnLength } from './turn-length.ts';

/** Who had a lock's word before, and what it was. */
export interface LockContext {
  readonly words: Words;
  readonly turn: TurnLength;
  readonly deadlocks: Deadlocks;
  askerOf(token: number): Asker | undefined;
}

export interface AcquireOptions {
  readonly tries?: boolean | undefined;
  /** See LockWait. */
  readonly mayEnd?: boolean | undefined;
}

/** A wait for a lock, in line. */
interface Waiter extends Claim, LockWait {
  /** What is told with it. */
  readonly had?: object;
}

/** One lock: its word, and the line of those that wait, first come, first served. */
export class Lock {
  readonly name: string;
  /** The place of its word. */
  readonly index: number;
  readonly #context: LockContext;
  readonly #line = new Set<Waiter>();
  #turnTimer: NodeJS.Timeout | undefined;
  /** When its holder was given it, by performance.now(). */
  #givenAt = 0;
  /** What its word was when it was looked at last. */
  #seen = 0;
  /** Who had told that it keeps the lock when the last of those who waited left: it doesn't tell it twice in a turn. */
  #keeper = 0;

  constructor(name: string, index: number, context: LockContext) {
    this.name = name;
    this.index = index;
    this.#context = context;
  }

  /** Nobody has it, and nobody waits for it. */
  get isIdle(): boolean {
    return this.#line.size === 0 && this.#word === 0;
  }

  /** Who has it. */
  get holder(): Asker | undefined {
    const word = this.#word;
    return isKept(word) ? undefined : this.#context.askerOf(word & lockBits.token);
  }

  /** Answers when this asker has it. */
  acquire(asker: Asker, id: number, { tries = false, mayEnd = false }: AcquireOptions): void {
    if (this.#takeFor(asker, id)) return;
    if (tries) {
      asker.succeeded(id, { had: false });
      return;
    }
    const giveUp = () => this.#leave(waiter);
    const waiter: Waiter = this.#waiter({ asker, id, mayEnd, isDue: false, giveUp });
    this.#enqueue(waiter);
  }

  /**
   * Gives the lock back to one that waited for something else meanwhile. It can't be given up: whoever waits so counts on
   * having it. `onLost` when its asker is gone before.
   */
  reacquire(asker: Asker, id: number, had: object, onLost: () => void): void {
    if (this.#takeFor(asker, id, had)) return;
    const giveUp = () => {
      if (asker.isGone && this.#leave(waiter) !== undefined) onLost();
      return undefined;
    };
    const waiter: Waiter = this.#waiter({ asker, id, had, mayEnd: false, isDue: true, giveUp });
    this.#enqueue(waiter);
  }

  #waiter(how: Omit<Waiter, 'lock' | 'abandon' | 'fail'>): Waiter {
    const waiter: Waiter = {
      ...how,
      lock: this,
      abandon: () => {},
      fail: (failure) => {
        if (this.#leave(waiter) !== undefined) how.asker.failed(how.id, failure);
      },
    };
    return waiter;
  }

  #takeFor(asker: Asker, id: number, had?: object): boolean {
    const taken = this.#take(asker.token);
    if (taken === undefined) return false;
    asker.succeeded(id, { had: true, abandoned: (taken & lockBits.abandoned) !== 0, ...had });
    return true;
  }

  #enqueue(waiter: Waiter): void {
    const { asker, id } = waiter;
    asker.keep(id, waiter);
    asker.beginWait(id, waiter);
    this.#line.add(waiter);
    // It may have been given back before its holder could see that somebody waits, and been taken again since.
    while (!this.#markWaiters() && !this.#handOn(isFree)) {}
    if (this.#keeper !== 0 && (this.#word & lockBits.token) === this.#keeper) this.#watch();
    this.#keeper = 0;
    this.#context.deadlocks.begun(waiter);
  }

  /** Its holder has given it back, or ended without: whoever is first in line has it now. For `after` see `keep`. */
  release({ token }: Asker, abandoned = false, after?: number): void {
    this.#measure(token, after);
    this.#handOn((word) => isHeldBy(word, token), abandoned);
  }

  /** Its holder gave it back, `after` so many ms, and may take it again for the rest of its turn. */
  keep({ token }: Asker, after?: number): void {
    this.#measure(token, after);
    this.#watch();
  }

  /** The first word of its holder says how long it took to hand it over. */
  #measure(token: number, after: number | undefined): void {
    if (after === undefined || this.#givenAt === 0 || (this.#word & lockBits.token) !== token) return;
    this.#context.turn.handedOver(performance.now() - this.#givenAt - after);
    this.#givenAt = 0;
  }

  /** Looks from time to time whether it is still kept for somebody who does not take it. */
  #watch(): void {
    if (this.#turnTimer || this.#line.size === 0) return;
    this.#seen = this.#word;
    this.#lookIn(shortestLookMs);
  }

  #lookIn(ms: number): void {
    this.#turnTimer = setTimeout(() => {
      this.#turnTimer = undefined;
      const word = this.#word;
      // When it was taken meanwhile its release comes as a message, or it is kept once more.
      const isUnused = word === this.#seen;
      if (isUnused && isKept(word) && this.#handOn((each) => each === word)) return;
      this.#seen = word;
      this.#lookIn(isUnused ? Math.min(2 * ms, longestLookMs) : shortestLookMs);
    }, ms);
  }

  /** This asker is gone. */
  leftBy({ token }: Asker): void {
    const word = this.#word;
    if ((word & lockBits.token) !== token) return;
    if (isKept(word)) this.#handOn(isKept);
    else this.#handOn((each) => isHeldBy(each, token), true);
  }

  /** Takes the word for this token if nobody has it and nobody waits; returns what it was. */
  #take(token: number): number | undefined {
    for (;;) {
      const word = this.#word;
      if ((word & (lockBits.token | lockBits.waiters)) !== 0) return undefined;
      if (this.#swap(word, token)) return word;
    }
  }

  /** Returns false when nobody has the lock (any more). */
  #markWaiters(): boolean {
    for (;;) {
      const word = this.#word;
      if ((word & lockBits.token) === 0) return false;
      if (word & lockBits.waiters || this.#swap(word, word | lockBits.waiters)) return true;
    }
  }

  /** Gives the lock to whoever is first in line, or to nobody; returns false unless its word says that it can be. */
  #handOn(canBe: (word: number) => boolean, abandoned = false): boolean {
    const [next] = this.#line;
    const flag = abandoned ? lockBits.abandoned : 0;
    const others = this.#line.size > 1 ? lockBits.waiters : 0;
    for (;;) {
      const word = this.#word;
      if (!canBe(word)) return false;
      const wasAbandoned = (word & lockBits.abandoned) | flag;
      if (!this.#swap(word, next ? next.asker.token | others : wasAbandoned)) continue;
      this.#stopLooking();
      if (next) this.#giveTo(next, wasAbandoned !== 0);
      return true;
    }
  }

  #giveTo(waiter: Waiter, abandoned: boolean): void {
    this.#line.delete(waiter);
    this.#forget(waiter);
    this.#givenAt = performance.now();
    const turnMs = this.#context.turn.ms;
    waiter.asker.succeeded(waiter.id, { had: true, abandoned, turnMs, ...waiter.had });
  }

  #leave(waiter: Waiter): string | undefined {
    if (!this.#line.delete(waiter)) return undefined;
    this.#forget(waiter);
    const by = this.holder;
    if (this.#line.size === 0) this.#unmarkWaiters();
    return by ? `it is held by ${by.label()}` : 'others were before it';
  }

  #forget({ asker, id }: Waiter): void {
    asker.drop(id);
    asker.endWait(id);
  }

  // What is kept for somebody has to be free again: nobody looks at it any more.
  #unmarkWaiters(): void {
    if (this.#turnTimer) this.#keeper = this.#word & lockBits.token;
    this.#stopLooking();
    const unmarked = ~(lockBits.waiters | lockBits.takes);
    this.#change((word) => (isKept(word) ? word & lockBits.abandoned : word & unmarked));
  }

  #stopLooking(): void {
    clearTimeout(this.#turnTimer);
    this.#turnTimer = undefined;
  }

  get #word(): number {
    return Atomics.load(this.#context.words.array, this.index);
  }

  #swap(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#context.words.array, this.index, from, to) === from;
  }

  #change(to: (word: number) => number): void {
    for (;;) {
      const word = this.#word;
      if (this.#swap(word, to(word))) return;
    }
  }
}

/** Whoever doesn't take again what is kept for it leaves it unused for so long, or twice as long. */
const shortestLookMs = 1;
const longestLookMs = 50;

const isFree = (word: number) => (word & lockBits.token) === 0;
const isKept = (word: number) => (word & lockBits.kept) !== 0;
const isHeldBy = (word: number, token: number) => (word & lockBits.token) === token && !isKept(word);
