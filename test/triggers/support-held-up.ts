import { RuntimeClosedError } from '../../runtime/errors/pool-errors.ts';
import type { TriggerStore } from '../../runtime/store/trigger-store.ts';
import type { TestPool } from './support-pool.ts';

/** A store that is held up when the test says so, as by a full disk: it takes changes, and commits none. */
export class HeldUpStore {
  readonly #store: TriggerStore;
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #isHeldUp = false;
  #holdsWith: string | undefined;
  /** How many changes were made while it was held up. */
  changes = 0;

  private constructor(store: TriggerStore) {
    this.#store = store;
  }

  /** Takes the place of the store of a pool, before its trigger is started. */
  static of({ context }: TestPool): HeldUpStore {
    const held = new HeldUpStore(context.store);
    Object.assign(context, { store: held.#asSeen() });
    return held;
  }

  /** How many wait for a commit. */
  get waiting(): number {
    return this.#waiting.length;
  }

  hold(): void {
    this.#isHeldUp = true;
  }

  /** From the first entry of this group on. */
  holdWith(group: string): void {
    this.#holdsWith = group;
  }

  release(): void {
    this.#isHeldUp = false;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  close(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new RuntimeClosedError('closed'));
  }

  /** The store as the trigger sees it. */
  #asSeen(): TriggerStore {
    const store = this.#store;
    const isHeldUp = () => this.#isHeldUp;
    return {
      get: (key) => store.get(key),
      set: (key, value, place) => {
        if (isHeldUp()) this.changes += 1;
        if (place?.group !== undefined && place.group === this.#holdsWith) this.hold();
        store.set(key, value, place);
      },
      delete: (key) => store.delete(key),
      first: (group) => (isHeldUp() ? undefined : store.first(group)),
      get isHeldUp() {
        return isHeldUp();
      },
      keys: (group) => store.keys(group),
      counts: () => store.counts(),
      committed: () =>
        isHeldUp()
          ? new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
          : store.committed(),
    };
  }
}
