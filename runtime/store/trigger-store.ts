/** Where an entry of a {@link TriggerStore} stands among the others. */
export interface EntryPlace {
  /** What it is counted and listed with, as in `queued` or `done`. An entry without a group is in none. */
  readonly group?: string;
  /** Its position within the group; the lowest is the first. Default: 0. */
  readonly order?: number;
}

/**
 * What a trigger keeps beyond a restart of the runtime, and beyond a kill of it: entries under keys, with values that
 * JSON can carry. Each trigger has a store of its own, by its id, in one SQLite database in the runtime's `dataDir`.
 *
 * What was set is there for every read at once, and is written down at the end of the current turn of the event loop,
 * everything of one turn together: all of it survives a kill of the process, or none of it. After a power cut the last
 * second or so may be missing. While the disk takes nothing, changes are kept in memory and written when it does.
 *
 * Everything but `committed` throws a RuntimeClosedError once the triggers of the runtime have stopped.
 */
export interface TriggerStore {
  /** The value under a key; undefined when there is none. */
  get(key: string): unknown;
  /**
   * Puts a value under a key, in the place of what was there, its group and order included.
   * @throws TypeError when the key is empty, or JSON can't carry the value
   */
  set(key: string, value: unknown, place?: EntryPlace): void;
  delete(key: string): void;
  /**
   * The key of the first entry of a group. Also undefined while the store is held up: whoever works off a line would else
   * begin what can't be written down.
   */
  first(group: string): string | undefined;
  /**
   * Whether changes can't be written down for now: the disk takes nothing, or for some ms because the database is being
   * tidied up. `committed()` resolves when that is over.
   */
  readonly isHeldUp: boolean;
  /** The keys, in their order, of one group if it is given. Changes may be made between two of them. */
  keys(group?: string): Iterable<string>;
  /** How many entries each group has. */
  counts(): Readonly<Record<string, number>>;
  /**
   * Resolves when everything that was set and deleted so far is written down, however long the store is held up.
   * @throws RuntimeClosedError when the runtime was closed before it could be
   */
  committed(): Promise<void>;
}
