import type { Flow } from './flow.ts';
import type { HeldLock } from './lock.ts';
import type { LockPlace } from './lock-place.ts';
import type { WaitOptions } from './wait.ts';

interface Had {
  readonly had: boolean;
  readonly abandoned: boolean;
}

/** The locks that one flow of work has. */
export class FlowLocks {
  readonly #flow: Flow;
  readonly #held = new Set<Held>();

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  acquire(name: string, isReentrant: boolean, options: WaitOptions | undefined): Promise<HeldLock> {
    const again = isReentrant ? this.#again(name) : undefined;
    if (again) return Promise.resolve(again);
    if (options === undefined) {
      const held = this.#take(name);
      if (held) return Promise.resolve(held);
    }
    return this.acquireOnce(name, options);
  }

  async tryAcquire(name: string, isReentrant: boolean): Promise<HeldLock | undefined> {
    const again = isReentrant ? this.#again(name) : undefined;
    if (again) return again;
    this.#flow.check(`the lock "${name}"`);
    const { info } = await this.#flow.sharer.asks.ask({ op: 'lock', name, tries: true });
    return (info as Had).had ? this.given(name, info) : undefined;
  }

  /** A lock that the arbiter has given to this flow. */
  given(name: string, info: unknown): Held {
    const place = this.#flow.sharer.lockPlace(name);
    place?.beganTurn();
    return this.#had(name, place, (info as Had).abandoned);
  }

  /** Gives up a lock for a condition; resolves, or rejects, with the lock had again. */
  async waitWithout(held: Held, condition: string, options: WaitOptions | undefined): Promise<void> {
    const { sharer, waits } = this.#flow;
    const what = `The condition "${condition}"`;
    this.#flow.check(what);
    const wait = waits.open('wait', options);
    const { info } = await sharer.asks.ask({ op: 'condition', name: condition, lock: held.name }, { wait });
    held.place?.beganTurn();
    if (this.#flow.hasEnded) sharer.asks.tell({ op: 'unlock', name: held.name });
    if ((info as { notified: boolean }).notified) return;
    throw sharer.error(wait.failure(`${what} was not notified`, 'nobody has done so'), wait.cause);
  }

  /** Gives back what one that ended had. Returns the names. */
  abandonAll(): string[] {
    const names = Array.from(this.#held, ({ name }) => name);
    this.#held.clear();
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
    const taken = wait.hasEnded ? undefined : this.#take(name);
    if (taken) return taken;
    const { info } = await sharer.asks.ask(
      { op: 'lock', name },
      { wait, unless: `The lock "${name}" was not had` },
    );
    sharer.mapped.neededMessage();
    const held = this.given(name, info);
    // Nobody is there any more who could give it back.
    if (this.#flow.hasEnded) held.release();
    return held;
  }

  /** Takes a lock that is free without a message, if that can be. */
  #take(name: string): Held | undefined {
    const place = this.#flow.sharer.lockPlace(name);
    return !this.#flow.hasEnded && place?.take() ? this.#had(name, place, false) : undefined;
  }

  #again(name: string): HeldLock | undefined {
    for (const held of this.#held) if (held.name === name) return held.again();
    return undefined;
  }

  #had(name: string, place: LockPlace | undefined, wasAbandoned: boolean): Held {
    const held = new Held(this, name, place, wasAbandoned);
    this.#held.add(held);
    return held;
  }
}

/** See HeldLock. */
export class Held implements HeldLock {
  readonly name: string;
  readonly wasAbandoned: boolean;
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
