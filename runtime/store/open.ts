import fs from 'node:fs';
import Database from 'libsql';
import { PoolError } from '../errors/pool-errors.ts';
import { createTables, schemaVersion } from './schema.ts';

/** What a database reports to: any `Logger` will do. */
export interface StoreLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Opens the database of a data folder, which the caller owns; makes it when there is none. One that can't be used,
 * damaged or made by a newer version, is set aside under another name, so that it can be looked into, and a new one
 * takes its place: the program starts all the same.
 * @throws PoolError `STORE_UNUSABLE` when the folder doesn't let a database be made
 */
export function openDatabase(file: string, log: StoreLog): Database.Database {
  try {
    const { database, trouble } = tryToOpen(file);
    if (trouble === undefined) return database;
    database.close();
    const aside = setAside(file);
    log.error(
      { file: aside },
      `${file} ${trouble}. It is kept as ${aside}, and a new one begins: what triggers knew is forgotten`,
    );
    return tryToOpen(file).database;
  } catch (error) {
    throw databaseUnusable(file, error);
  }
}

/** For whoever can't do without what it was to read or write. */
export function databaseUnusable(file: string, cause: unknown): PoolError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    `The database of the triggers can't be used: ${file}: ${reason}. ` +
    'Make room there and make its folder writable, or choose another one by `dataDir`.';
  return new PoolError('STORE_UNUSABLE', message, { cause });
}

/** Closes a database, with everything in its one file if the disk lets it. */
export function closeDatabase(database: Database.Database): void {
  try {
    database.pragma('busy_timeout = 100');
    database.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // What is in the write-ahead log stays there, and is read from there by whoever opens it next.
  }
  database.close();
}

/** A database that can be used, or the trouble with it, as the rest of a sentence. */
function tryToOpen(file: string): { database: Database.Database; trouble: string | undefined } {
  const database = new Database(file);
  try {
    database.exec('PRAGMA busy_timeout = 5000;');
    const version = versionOf(database);
    // Not even its journal is changed.
    if (version > schemaVersion)
      return { database, trouble: `is of a newer version (${version}, this one reads ${schemaVersion})` };
    // Readers, as a command that lists, don't hold up writes, and a commit needs no fsync to survive a kill.
    // The log that this makes is moved into the database by checkpoint.ts; a reader may be in a commit's way for a moment.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;');
    if (version === 0) createTables(database);
    return { database, trouble: findDamage(database) };
  } catch (error) {
    if (isDamage(error)) return { database, trouble: `is damaged (${(error as Error).message})` };
    database.close();
    throw error;
  }
}

/** The version of the tables in a database; 0 where there are none. */
export function versionOf(database: Database.Database): number {
  const [row] = database.pragma('user_version') as { user_version: number }[];
  return row?.user_version ?? 0;
}

/**
 * Looks through a database for damage; tells it as the rest of a sentence. 50 ms for the 16 MB of 100,000 files: little
 * beside finding out later, when work would have to be stopped.
 */
export function findDamage(database: Database.Database): string | undefined {
  const [row] = database.pragma('quick_check(1)') as { quick_check: string }[];
  return row?.quick_check === 'ok' ? undefined : `is damaged (${row?.quick_check.split('\n').join(' ')})`;
}

/** Whether an error says that the content of the database can't be right. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT';
}

/** Moves the database and its journals out of the way; returns the name that it has now. */
function setAside(file: string): string {
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  let aside = `${file}.aside-${time}`;
  for (let again = 2; fs.existsSync(aside); again++) aside = `${file}.aside-${time}-${again}`;
  for (const part of ['-wal', '-shm', '']) {
    if (fs.existsSync(file + part)) fs.renameSync(file + part, aside + part);
  }
  return aside;
}
