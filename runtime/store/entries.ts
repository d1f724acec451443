import type { Position, Statements } from './statements.ts';
import type { Change } from './store.ts';
import type { TriggerStore } from './trigger-store.ts';

/** What takes the changes of entries, and knows of those that no query sees yet. */
export interface Changes {
  change(change: Change): void;
  /** The last change of an entry that is not committed. */
  pending(owner: number, key: string): Change | undefined;
  /** Makes queries see what has changed. False while that can't be. */
  write(): boolean;
  /** Whether there are changes that can't be written for now. */
  readonly isHeldUp: boolean;
  committed(): Promise<void>;
}

/** The entries of one owner in a database. */
export function entriesOf(owner: number, changes: Changes, statements: Statements): TriggerStore {
  return {
    get(key) {
      const change = changes.pending(owner, key);
      const json = change ? change.entry?.json : statements.value(owner, key);
      return json === undefined ? undefined : JSON.parse(json);
    },

    set(key, value, { group = null, order = 0 } = {}) {
      if (key === '') throw new TypeError('Expected a key of at least one character');
      const json = JSON.stringify(value) as string | undefined;
      if (json === undefined)
        throw new TypeError(`Expected a value that JSON can carry, got ${typeof value}`);
      if (!Number.isFinite(order))
        throw new TypeError(`Expected the \`order\` option to be a finite number, got ${order}`);
      changes.change({ owner, key, entry: { group, order, json } });
    },

    delete(key) {
      changes.change({ owner, key, entry: undefined });
    },

    first(group) {
      return changes.write() ? statements.first(owner, group) : undefined;
    },

    get isHeldUp() {
      return changes.isHeldUp;
    },

    *keys(group) {
      changes.write();
      if (group === undefined) {
        let last = '';
        for (;;) {
          const page = statements.keys(owner, last, pageSize);
          yield* page;
          if (page.length < pageSize) return;
          last = page.at(-1) as string;
          changes.write();
        }
      }
      let last: Position = [-Infinity, ''];
      for (;;) {
        const page = statements.keysInOrder(owner, group, last, pageSize);
        for (const [, key] of page) yield key;
        if (page.length < pageSize) return;
        last = page.at(-1) as Position;
        changes.write();
      }
    },

    counts() {
      changes.write();
      return statements.counts(owner);
    },

    committed: () => changes.committed(),
  };
}

// 0.4 ms for a page.
const pageSize = 256;
