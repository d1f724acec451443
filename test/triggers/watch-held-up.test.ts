import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeClosedError } from '../../runtime/errors/pool-errors.ts';
import type { TriggerStore } from '../../runtime/store/trigger-store.ts';
import { until, within } from '../support/wait.ts';
import { Watch } from './support-watch.ts';

/** A store that is held up when the test says so, as by a full disk: it takes changes, and commits none. */
class HeldUpStore {
  readonly #store: TriggerStore;
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #isHeldUp = false;
  #holdsWith: string | undefined;
  /** How many changes were made while it was held up. */
  changes = 0;

  constructor(store: TriggerStore) {
    this.#store = store;
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
  asSeen(): TriggerStore {
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

test('while nothing can be written down no more is found out than a few files, and all is when it can be', async (t) => {
  const watch = Watch.prepare(t, { handler: () => undefined });
  const held = new HeldUpStore(watch.pool.context.store);
  Object.assign(watch.pool.context, { store: held.asSeen() });
  await watch.trigger.start(watch.pool.context);
  watch.land('before.jpg');
  await watch.pool.line('info', /^work before\.jpg/);

  held.hold();
  for (let index = 0; index < 200; index += 1) watch.land(`${index}.jpg`);
  await until('looks wait for the disk', () => held.waiting >= 16);
  assert.ok(held.changes <= 16, `${held.changes} changes piled up`);
  held.release();
  await until('all are done', () => watch.pool.linesLike('info', /^work /).length === 201);
});

test('a database that is closed before it could be written costs no error, and nothing is handed in', async (t) => {
  const watch = Watch.prepare(t);
  const held = new HeldUpStore(watch.pool.context.store);
  // The disk is full once the first file is up, and about to be handed in.
  held.holdWith('running');
  Object.assign(watch.pool.context, { store: held.asSeen() });
  await watch.trigger.start(watch.pool.context);
  watch.land('first.jpg');
  await until('it waits for the disk', () => held.waiting > 0);
  watch.land('second.jpg');
  await until('so does a look, or somebody else', () => held.waiting > 1);
  const stopped = watch.trigger.stop();
  held.close();
  await within('the trigger stops', stopped);
  assert.deepEqual(watch.pool.linesLike('error'), []);
  assert.deepEqual(watch.pool.calls, []);
});
