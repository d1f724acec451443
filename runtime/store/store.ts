import type Database from 'libsql';
import { RuntimeClosedError } from '../errors/pool-errors.ts';
import { checkpoint, LogLength } from './checkpoint.ts';
import { type Changes, entriesOf } from './entries.ts';
import { closeDatabase, databaseUnusable, isDamage, openDatabase, type StoreLog } from './open.ts';
import { Statements } from './statements.ts';
import type { TriggerStore } from './trigger-store.ts';

/** What an entry is to be from now on. */
export interface Change {
  readonly owner: number;
  readonly key: string;
  /** Undefined: there is to be none. */
  readonly entry:
    | { readonly group: string | null; readonly order: number; readonly json: string }
    | undefined;
}

/**
 * The database of a data folder. Changes are written when somebody asks for an order, else at the end of the turn, and
 * committed then: one commit takes some 50 µs, however many changes are in it. They are kept until they are committed,
 * so that a disk that is full for a while costs none of them.
 */
export class Store implements Changes {
  readonly #file: string;
  readonly #log: StoreLog;
  readonly #database: Database.Database;
  readonly #statements: Statements;
  readonly #logLength: LogLength;
  readonly #entries = new Map<string, TriggerStore>();
  /** By owner and key: those that are not committed, and of them those that are not in the open transaction either. */
  readonly #uncommitted = new Map<string, Change>();
  #unwritten = new Map<string, Change>();
  #turnEnd: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryDelay = 0;
  /** Whether the write-ahead log is being moved into the database: nothing is written meanwhile. */
  #isCheckpointing = false;
  #isClosed = false;
  #commits = 0;
  readonly #whoWaits: Waiting[] = [];

  /**
   * Opens the database, in a folder that belongs to the caller alone, or makes it.
   * @throws PoolError `STORE_UNUSABLE`
   */
  constructor(file: string, log: StoreLog) {
    this.#file = file;
    this.#log = log;
    this.#database = openDatabase(file, log);
    this.#logLength = new LogLength(file);
    this.#statements = new Statements(this.#database);
  }

  /**
   * The entries of one trigger.
   * @throws PoolError `STORE_UNUSABLE` when it has never had any, and the disk takes nothing
   */
  of(trigger: string): TriggerStore {
    const entries = this.#entries.get(trigger) ?? entriesOf(this.#ownerOf(trigger), this, this.#statements);
    this.#entries.set(trigger, entries);
    return entries;
  }

  #ownerOf(trigger: string): number {
    try {
      return this.#statements.ownerOf(trigger);
    } catch (error) {
      throw databaseUnusable(this.#file, error);
    }
  }

  change(change: Change): void {
    this.#expectOpen();
    const id = idOf(change.owner, change.key);
    this.#uncommitted.set(id, change);
    this.#unwritten.set(id, change);
    if (!this.#isPaused) this.#turnEnd ??= setImmediate(() => this.#commit());
  }

  pending(owner: number, key: string): Change | undefined {
    this.#expectOpen();
    return this.#uncommitted.get(idOf(owner, key));
  }

  /** Puts what has changed into the open transaction. False while nothing can be written. */
  write(): boolean {
    this.#expectOpen();
    return this.#write();
  }

  #write(): boolean {
    if (this.#unwritten.size === 0) return true;
    if (this.#isPaused) return false;
    try {
      if (!this.#database.inTransaction) this.#database.exec('BEGIN IMMEDIATE');
      for (const change of this.#unwritten.values()) this.#statements.write(change);
      this.#unwritten.clear();
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** Whether there are changes that can't be written for now. */
  get isHeldUp(): boolean {
    return this.#isPaused && this.#unwritten.size > 0;
  }

  committed(): Promise<void> {
    if (this.#uncommitted.size === 0) return Promise.resolve();
    if (this.#isClosed) return Promise.reject(neverWritten());
    return new Promise((resolve, reject) => this.#whoWaits.push({ resolve, reject }));
  }

  /**
   * Commits what there is, and takes nothing any more: everything but `committed` throws a RuntimeClosedError from now
   * on. What can't be committed now is lost, which is logged.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isCheckpointing = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#commit();
    clearTimeout(this.#retry);
    const lost = this.#uncommitted.size;
    if (lost > 0) {
      const what = lost === 1 ? 'one change' : `${lost} changes`;
      this.#log.error({ file: this.#file }, `${this.#file}: ${what} could not be written`);
    }
    for (const { reject } of this.#whoWaits.splice(0)) reject(neverWritten());
    closeDatabase(this.#database);
  }

  // What a closed connection is asked is no error in the library but the end of the process.
  #expectOpen(): void {
    if (this.#isClosed)
      throw new RuntimeClosedError('The store of the triggers is closed, as their runtime has been.');
  }

  #commit(): void {
    clearImmediate(this.#turnEnd);
    this.#turnEnd = undefined;
    if (!this.#write()) return;
    try {
      if (this.#database.inTransaction) this.#database.exec('COMMIT');
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#uncommitted.clear();
    if (this.#retryDelay > 0) this.#log.info({ file: this.#file }, `${this.#file} can be written again`);
    this.#retryDelay = 0;
    for (const { resolve } of this.#whoWaits.splice(0)) resolve();
    this.#commits += 1;
    if (this.#commits % commitsBetweenLooks === 0 && this.#logLength.isTooLong) void this.#checkpoint();
  }

  get #isPaused(): boolean {
    return this.#retry !== undefined || this.#isCheckpointing;
  }

  async #checkpoint(): Promise<void> {
    if (this.#isClosed) return;
    this.#isCheckpointing = true;
    const isDone = await checkpoint(this.#file);
    if (this.#isClosed) return;
    // Without threads, SQLite does it in a commit.
    if (!isDone) this.#database.pragma('wal_autocheckpoint = 1000');
    this.#logLength.wasMoved();
    this.#isCheckpointing = false;
    this.#commit();
  }

  /** Everything that is not committed is written once more, in a while. */
  #failed(error: unknown): void {
    // A full disk ends the transaction by itself, other troubles leave it open.
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    this.#unwritten = new Map(this.#uncommitted);
    if (this.#retryDelay === 0) this.#tell(error);
    this.#retryDelay = Math.min(Math.max(firstRetryMs, this.#retryDelay * 2), longestRetryMs);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#commit();
    }, this.#retryDelay);
  }

  #tell(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = isDamage(error)
      ? 'Start again: it is then set aside, and a new one begins'
      : 'What triggers have in line waits until it can be written again';
    this.#log.error({ file: this.#file, err: error }, `${this.#file} can't be written: ${reason}. ${advice}`);
  }
}

/** Somebody who wants to know whether everything so far is committed. */
interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

function neverWritten(): RuntimeClosedError {
  return new RuntimeClosedError(
    'The runtime was closed before its triggers could write down what has changed.',
  );
}

function idOf(owner: number, key: string): string {
  return `${owner}:${key}`;
}

// A look at the size of a file takes 3 µs, a commit 25.
const commitsBetweenLooks = 32;

// Somebody who makes room on a disk looks whether it has helped within a few seconds.
const firstRetryMs = 250;
const longestRetryMs = 4_000;
