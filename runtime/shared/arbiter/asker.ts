import type { EncodedValue } from '../../channel/codec.ts';
import type { SharedFailure } from '../requests.ts';
import type { LockWait } from './deadlock.ts';
import type { Outbox } from './outbox.ts';
import { type Flows, Stillness } from './stillness.ts';

/** Answers a request. */
export interface Answers {
  succeeded(id: number, info?: unknown, body?: EncodedValue): void;
  failed(id: number, failure: SharedFailure): void;
}

/** What a request has left behind that is its asker's: a wait, a permit, a delivery. */
export interface Claim {
  /** The asker gives up waiting. Returns what it waited for, for its error; undefined when it doesn't wait. */
  giveUp(): string | undefined;
  /** The asker is gone. */
  abandon(): void;
}

export interface AskerOptions {
  readonly answers: Answers;
  /** Whom errors name: an invocation, or a part of the program. */
  label(): string;
  readonly flows: Flows;
  /** It waits for what this request asks for, until `onGoesOn` of the same. */
  onWaits?(id: number): void;
  onGoesOn?(id: number): void;
}

/** Something that an asker waits for. */
export type AskerWait = LockWait | { readonly lock?: undefined; readonly mayEnd?: undefined };

/**
 * One of those who share: a worker, which runs one invocation at a time, or a part of the program. What it holds and waits
 * for is known by the number of the request, and all of it ends with it.
 */
export class Asker {
  /** By which words know it, from 1. */
  readonly token: number;
  readonly stillness: Stillness;
  readonly label: () => string;
  /** What it waits for, by the numbers of its requests. */
  readonly #waits = new Map<number, AskerWait>();
  /** What it puts into queues without a message. */
  outbox: Outbox | undefined;
  readonly #options: AskerOptions;
  readonly #claims = new Map<number, Claim>();
  isGone = false;

  constructor(token: number, options: AskerOptions) {
    this.token = token;
    this.label = options.label;
    this.stillness = new Stillness(options.flows);
    this.#options = options;
  }

  get waits(): ReadonlyMap<number, AskerWait> {
    return this.#waits;
  }

  beginWait(id: number, wait: AskerWait): void {
    this.#waits.set(id, wait);
    this.#options.onWaits?.(id);
  }

  endWait(id: number): void {
    this.#waits.delete(id);
    this.#options.onGoesOn?.(id);
  }

  /** Answers a request; one that has no number wants no answer. */
  succeeded(id: number, info?: unknown, body?: EncodedValue): void {
    if (this.isGone || id === 0) return;
    this.stillness.answered();
    this.#options.answers.succeeded(id, info, body);
  }

  failed(id: number, failure: SharedFailure): void {
    if (this.isGone || id === 0) return;
    this.stillness.answered();
    this.#options.answers.failed(id, failure);
  }

  keep(id: number, claim: Claim): void {
    this.#claims.set(id, claim);
  }

  claim(id: number): Claim | undefined {
    return this.#claims.get(id);
  }

  drop(id: number): void {
    this.#claims.delete(id);
  }

  giveUp(id: number): void {
    const waitedFor = this.#claims.get(id)?.giveUp();
    if (waitedFor === undefined) return; // it was had meanwhile, or has ended
    this.#claims.delete(id);
    this.failed(id, { code: 'GAVE_UP', message: waitedFor });
  }

  /** What had this number ended without giving it back. */
  abandon(id: number): void {
    const claim = this.#claims.get(id);
    this.#claims.delete(id);
    claim?.abandon();
  }

  /** It is gone, and waits for nothing any more: none of what it has comes back to it. */
  stopWaiting(): void {
    this.isGone = true;
    for (const claim of [...this.#claims.values()]) claim.giveUp();
  }

  /** Gives back what it had. */
  abandonAll(): void {
    const claims = [...this.#claims.values()];
    this.#claims.clear();
    for (const claim of claims) claim.abandon();
  }
}
