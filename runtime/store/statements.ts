import type Database from 'libsql';
import type { Change } from './store.ts';

/** The statements that are run again and again, prepared once. */
export class Statements {
  readonly #database: Database.Database;
  readonly #put: Database.Statement;
  readonly #remove: Database.Statement;
  readonly #value: Database.Statement;
  readonly #first: Database.Statement;
  readonly #keys: Database.Statement;
  readonly #keysInOrder: Database.Statement;
  readonly #counts: Database.Statement;

  constructor(database: Database.Database) {
    this.#database = database;
    const prepare = (sql: string) => database.prepare(sql);
    this.#put = prepare(
      'INSERT OR REPLACE INTO entries (owner, key, grp, place, value) VALUES (?, ?, ?, ?, ?)',
    );
    this.#remove = prepare('DELETE FROM entries WHERE owner = ? AND key = ?');
    // As arrays: half the time of objects, 10 µs a row.
    this.#value = prepare('SELECT value FROM entries WHERE owner = ? AND key = ?').raw();
    this.#first = prepare(
      'SELECT key FROM entries WHERE owner = ? AND grp = ? ORDER BY place, key LIMIT 1',
    ).raw();
    this.#keys = prepare('SELECT key FROM entries WHERE owner = ? AND key > ? ORDER BY key LIMIT ?').raw();
    this.#keysInOrder = prepare(
      'SELECT place, key FROM entries WHERE owner = ? AND grp = ? AND (place, key) > (?, ?) ORDER BY place, key LIMIT ?',
    ).raw();
    this.#counts = prepare(
      'SELECT grp, count(*) FROM entries WHERE owner = ? AND grp IS NOT NULL GROUP BY grp',
    ).raw();
  }

  /** The number of a trigger, which gets one if it has none. */
  ownerOf(trigger: string): number {
    this.#database.prepare('INSERT OR IGNORE INTO owners (name) VALUES (?)').run(trigger);
    return this.findOwner(trigger) as number;
  }

  /** The number of a trigger that has had one. */
  findOwner(trigger: string): number | undefined {
    const row = this.#database.prepare('SELECT id FROM owners WHERE name = ?').raw().get(trigger);
    return (row as [number] | undefined)?.[0];
  }

  write({ owner, key, entry }: Change): void {
    if (entry) this.#put.run(owner, key, entry.group, entry.order, entry.json);
    else this.#remove.run(owner, key);
  }

  value(owner: number, key: string): string | undefined {
    return (this.#value.get(owner, key) as [string] | undefined)?.[0];
  }

  first(owner: number, group: string): string | undefined {
    return (this.#first.get(owner, group) as [string] | undefined)?.[0];
  }

  keys(owner: number, after: string, limit: number): string[] {
    return (this.#keys.all(owner, after, limit) as [string][]).map(([key]) => key);
  }

  keysInOrder(owner: number, group: string, [place, key]: Position, limit: number): Position[] {
    return this.#keysInOrder.all(owner, group, place, key, limit) as Position[];
  }

  counts(owner: number): Record<string, number> {
    return Object.fromEntries(this.#counts.all(owner) as [string, number][]);
  }
}

/** Where an entry stands in its group: its order, and its key among those of the same order. */
export type Position = readonly [order: number, key: string];
