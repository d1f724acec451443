import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import { PoolError } from '../errors/pool-errors.ts';
import { entriesOf } from './entries.ts';
import { findDamage, isDamage, versionOf } from './open.ts';
import { schemaVersion } from './schema.ts';
import { Statements } from './statements.ts';
import type { TriggerStore } from './trigger-store.ts';

/**
 * The database of a data folder as it is at one moment, for whoever only reads: it is not changed, the folder may
 * belong to a runtime, and nobody who writes has to wait.
 */
export class StoreReader {
  readonly #database: Database.Database;
  readonly #statements: Statements;

  private constructor(database: Database.Database) {
    this.#database = database;
    this.#statements = new Statements(database);
  }

  /**
   * Opens the database, if there is one.
   * @throws PoolError `STORE_UNUSABLE` when it is damaged, of a newer version, or can't be read
   */
  static open(file: string): StoreReader | undefined {
    if (!fs.existsSync(file)) return undefined;
    const database = openToRead(file);
    return database && new StoreReader(database);
  }

  /** The entries of one trigger; `set` and `delete` throw. */
  of(trigger: string): TriggerStore {
    return entriesOf(this.#statements.findOwner(trigger) ?? nobody, noChanges, this.#statements);
  }

  close(): void {
    // libsql keeps a connection for as long as one of its statements is not collected, and with it the snapshot, which
    // would be in the way of whoever tidies up.
    this.#database.exec('ROLLBACK');
    this.#database.close();
  }
}

/** No trigger has this number. */
const nobody = -1;

const noChanges = {
  change() {
    throw new TypeError('This store can only be read');
  },
  pending: () => undefined,
  write: () => true,
  isHeldUp: false,
  committed: () => Promise.resolve(),
};

/** Undefined: nothing has been made in it yet. */
function openToRead(file: string): Database.Database | undefined {
  let database: Database.Database | undefined;
  try {
    // In a URL, as libsql has no option for it. An empty write-ahead log and its index may be left beside the database: to
    // do without them would be to read nonsense once a runtime is started.
    database = new Database(`${pathToFileURL(file).href}?mode=ro`);
    // One transaction to the end: everything is read as of the same moment.
    database.exec(`PRAGMA busy_timeout = ${longestWaitMs}; BEGIN;`);
    const version = versionOf(database);
    const trouble =
      version > schemaVersion
        ? `is of a newer version (${version}, this one reads ${schemaVersion}): use the warm-pool that made it`
        : findDamage(database);
    if (trouble !== undefined) throw unusable(file, trouble);
    if (version > 0) return database;
    database.close();
    return undefined;
  } catch (error) {
    database?.close();
    if (error instanceof PoolError) throw error;
    const { message } = error as Error;
    throw unusable(file, isDamage(error) ? `is damaged (${message})` : `can't be read: ${message}`, error);
  }
}

// Whoever is first to open it after a kill holds up the others while he reads the write-ahead log.
const longestWaitMs = 2_000;

function unusable(file: string, trouble: string, cause?: unknown): PoolError {
  const advice = trouble.startsWith('is damaged')
    ? '. The next `pool start` keeps it under another name and begins a new one'
    : '';
  return new PoolError('STORE_UNUSABLE', `The database of the triggers, ${file}, ${trouble}${advice}.`, {
    cause,
  });
}
