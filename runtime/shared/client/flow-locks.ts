import type { SharedFailure } from '../requests.ts';
import type { Flow } from './flow.ts';
import type { HeldLock } from './lock.ts';
import type { LockPlace } from './lock-place.ts';
import type { WaitOptions } from './wait.ts';

interface Had {
  readonly had: boolean;
  readonly abandoned: boolean;
  /** For how long it may be taken again although others wait, in ms, when it was had after a wait. */
  readonly turnMs?: number;
}

/** The locks that one flow of work has. */
export class FlowLocks {
  readonly #flow: Flow;
  readonly #held = new HeldLocks();

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  acquire(name: string, isReentrant: boolean, options: WaitOptions | undefined): Promise<HeldLock> {
    const again = isReentrant ? this.#again(name) : undefined;
    if (again) return Promise.resolve(again);
    return this.acquireOnce(name, options);
  }

  async tryAcquire(name: string, isReentrant: boolean): Promise<HeldLock | undefined> {
    const again = isReentrant ? this.#again(name) : undefined;
    if (again) return again;
    this.#flow.check(`the lock "${name}"`);
    const { info } = await this.#flow.sharer.asks.ask({ op: 'lock', name, tries: true });
    return (info as Had).had ? this.#given(name, info as Had) : undefined;
  }

  /** Gives up a lock for a condition; resolves, or rejects, with the lock had again. */
  async waitWithout(held: Held, condition: string, options: WaitOptions | undefined): Promise<void> {
    const { sharer, waits } = this.#flow;
    const what = `The condition "${condition}"`;
    const unless = `${what} was not notified`;
    this.#flow.check(what);
    const wait = waits.open('wait', options);
    const early = wait.endedBefore(unless);
    if (early) throw sharer.error(early, wait.cause);
    // Until it is had again nobody can give it back: a flow that ends doesn't, and `release` is for later.
    if (!this.#held.delete(held)) throw sharer.error(notHeld(what, held.name));
    const { info } = await sharer.asks.ask({ op: 'condition', name: condition, lock: held.name }, { wait });
    const { notified, abandoned, turnMs } = info as Had & { notified: boolean };
    held.hadAgain(abandoned, turnMs);
    if (this.#flow.hasEnded) {
      if (notified) sharer.asks.tell({ op: 'notify', name: condition, count: 1 });
      return this.#giveBackUnseen(held.name, abandoned);
    }
    if (held.isGivenBack) sharer.asks.tell({ op: 'unlock', name: held.name });
    else this.#held.add(held);
    if (!notified) throw sharer.error(wait.failure(unless, 'nobody has done so'), wait.cause);
  }

  /** Gives back what one that ended had. Returns the names. */
  abandonAll(): string[] {
    const names = this.#held.removeAll().map(({ name }) => name);
    for (const name of names) this.#flow.sharer.asks.tell({ op: 'unlock', name, abandoned: true });
    return names;
  }

  released(held: Held): void {
    // One that ended has given back all it had.
    if (!this.#held.delete(held)) return;
    if (held.place) held.place.giveBack();
    else this.#flow.sharer.asks.tell({ op: 'unlock', name: held.name });
  }

  /** The same of a lock that this flow doesn't have. */
  async acquireOnce(name: string, options: WaitOptions | undefined): Promise<Held> {
    const { sharer, waits } = this.#flow;
    this.#flow.check(`the lock "${name}"`);
    const wait = waits.open('acquire', options);
    const place = wait.hasEnded ? undefined : sharer.lockPlace(name);
    const taken = place && this.take(place, name);
    if (taken) {
      await sharer.breath.turn;
      return taken;
    }
    const since = performance.now();
    place?.missed(since);
    const { info } = await sharer.asks.ask(
      { op: 'lock', name, ...(wait.mayEnd && { mayEnd: true }) },
      { wait, unless: `The lock "${name}" was not had` },
    );
    sharer.mapped.neededMessage(since);
    return this.#given(name, info as Had);
  }

  /** A lock that the arbiter has given to this flow. */
  async #given(name: string, { abandoned, turnMs }: Had): Promise<Held> {
    if (this.#flow.hasEnded) return this.#giveBackUnseen(name, abandoned);
    const place = this.#flow.sharer.lockPlace(name);
    place?.beganTurn(turnMs);
    return this.#had(name, place, abandoned);
  }

  // Nobody is there any more who could give it back, or look at what its last holder left: the next one is told that.
  #giveBackUnseen(name: string, abandoned: boolean): Promise<never> {
    this.#flow.sharer.asks.tell({ op: 'unlock', name, abandoned });
    return this.#flow.hadTooLate(`the lock "${name}"`);
  }

  /** Takes a lock whose word is free, without a message. */
  take(place: LockPlace, name: string): Held | undefined {
    return !this.#flow.hasEnded && place.take() ? this.#had(name, place, false) : undefined;
  }

  #again(name: string): HeldLock | undefined {
    return this.#held.of(name)?.again();
  }

  #had(name: string, place: LockPlace | undefined, wasAbandoned: boolean): Held {
    const held = new Held(this, name, place, wasAbandoned);
    this.#held.add(held);
    return held;
  }
}

function notHeld(what: string, lock: string): SharedFailure {
  const message = `${what} can only be waited for by who has its lock "${lock}", and that was given back.`;
  return { code: 'SHARED_CONFLICT', message };
}

/** The locks that are held, each of which knows its place among them: a lock is had and given back in some 0.2 µs. */
class HeldLocks {
  #all: Held[] = [];

  add(held: Held): void {
    held.at = this.#all.push(held) - 1;
  }

  /** Returns whether it was one of them. */
  delete(held: Held): boolean {
    if (held.at === -1) return false;
    const last = this.#all.pop() as Held;
    if (last !== held) {
      this.#all[held.at] = last;
      last.at = held.at;
    }
    held.at = -1;
    return true;
  }

  of(name: string): Held | undefined {
    return this.#all.find((held) => held.name === name);
  }

  removeAll(): readonly Held[] {
    const all = this.#all;
    this.#all = [];
    for (const held of all) held.at = -1;
    return all;
  }
}

/** See HeldLock. */
export class Held implements HeldLock {
  /** See HeldLocks. */
  at = -1;
  readonly name: string;
  wasAbandoned: boolean;
  readonly place: LockPlace | undefined;
  readonly #locks: FlowLocks;
  #times = 1;
  #isReleased = false;

  constructor(locks: FlowLocks, name: string, place: LockPlace | undefined, wasAbandoned: boolean) {
    this.#locks = locks;
    this.name = name;
    this.place = place;
    this.wasAbandoned = wasAbandoned;
  }

  /** It was given up for a while. */
  hadAgain(wasAbandoned: boolean, turnMs: number | undefined): void {
    this.wasAbandoned = wasAbandoned;
    this.place?.beganTurn(turnMs);
  }

  get isGivenBack(): boolean {
    return this.#times === 0;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#releaseOnce();
  }

  /** Had once more by the same flow: free only when that is given back as well. */
  again(): HeldLock {
    this.#times++;
    let isReleased = false;
    const release = () => {
      if (!isReleased) this.#releaseOnce();
      isReleased = true;
    };
    return {
      name: this.name,
      wasAbandoned: false,
      release,
      [Symbol.dispose]: release,
      [Symbol.asyncDispose]: async () => release(),
    };
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  #releaseOnce(): void {
    this.#times--;
    if (this.#times === 0) this.#locks.released(this);
  }
}
