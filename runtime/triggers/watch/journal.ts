import type { Logger } from '../../config/logger.ts';
import { reasonOf } from '../failure.ts';
import { codeOf, isAbsence } from './file-version.ts';
import type { RemoteFileSystem } from './remote-file-systems.ts';

export interface JournalContext {
  readonly log: Logger;
  /** The watched folder as the user wrote it. */
  readonly folder: string;
  readonly functionName: string;
  readonly match: readonly string[];
}

/** Every line that the trigger logs. A trouble that lasts is told once, not each time it is met. */
export class Journal {
  readonly #log: Logger;
  readonly #folder: string;
  readonly #functionName: string;
  readonly #match: readonly string[];
  readonly #told = new Set<string>();
  /** Whether it was told that a disk is full. */
  #isWithoutRoom = false;

  constructor({ log, folder, functionName, match }: JournalContext) {
    this.#log = log;
    this.#folder = folder;
    this.#functionName = functionName;
    this.#match = match;
  }

  watching(path: string, isNew: boolean): void {
    const files = this.#match.includes('*') ? 'each file' : `each ${this.#match.join(' or ')}`;
    const created = isNew ? ' (created)' : '';
    this.#log.info(
      { path, function: this.#functionName },
      `watching ${this.#folder}${created}: ${files} that lands there runs ${this.#functionName}`,
    );
  }

  queued(file: string): void {
    this.#log.debug({ file }, `${file} is complete and in line for ${this.#functionName}`);
  }

  gone(file: string): void {
    this.#log.debug({ file }, `${file} is gone`);
  }

  /** By what the options say since the last start. */
  unmatched(file: string): void {
    this.#log.debug({ file }, `${file} is ignored now, or not matched any more: it leaves the line`);
  }

  processed(file: string, { durationMs, outputs }: { durationMs: number; outputs: number }): void {
    if (this.#isWithoutRoom) {
      this.#isWithoutRoom = false;
      this.#log.info({ function: this.#functionName }, `${this.#functionName} has room again`);
    }
    const made = outputs === 0 ? 'done' : `${outputs} ${outputs === 1 ? 'output' : 'outputs'}`;
    const fields = { file, durationMs, outputs };
    this.#log.info(fields, `${this.#functionName} ${file}: ${made} in ${durationMs} ms`);
  }

  changedMeanwhile(file: string): void {
    this.#log.debug({ file }, `${file} changed while ${this.#functionName} ran: its newer version runs next`);
  }

  keepsChanging(file: string): void {
    this.#log.warn(
      { file },
      `${file} has changed each time ${this.#functionName} ran: if the function writes to it, its result should list ` +
        'it under `outputs`. It runs again, after longer and longer pauses',
    );
  }

  notReady(file: string, error: unknown, seconds: number): void {
    this.#log.debug(
      { file, reason: reasonOf(error) },
      `${file} may not be complete yet (${reasonOf(error)}): tried again in ${seconds} s or when it changes`,
    );
  }

  failedWithoutFolder(file: string, error: unknown): void {
    this.#log.debug(
      { file, reason: reasonOf(error) },
      `${this.#functionName} failed on ${file} (${reasonOf(error)}) while ${this.#folder} is gone: it waits for it, and nothing is counted`,
    );
  }

  /** An attempt failed and another follows. */
  failed(
    file: string,
    failure: { error: unknown; attempt: number; attempts: number; delayMs: number },
  ): void {
    const { error, attempt, attempts, delayMs } = failure;
    this.#log.debug(
      { file, attempt, reason: reasonOf(error) },
      `${this.#functionName} failed on ${file}: ${reasonOf(error)}; attempt ${attempt + 1} of ${attempts} in ${delayMs / 1000} s`,
    );
  }

  /** Told of the first file, and again when there was room in between. */
  lacksRoom(file: string, error: unknown): void {
    const fields = { file, reason: reasonOf(error) };
    const message = `${this.#functionName} has no room for ${file}: ${reasonOf(error)}`;
    if (this.#isWithoutRoom) this.#log.debug(fields, message);
    else this.#log.error(fields, `${message}. Files wait until there is some, and no attempt is counted`);
    this.#isWithoutRoom = true;
  }

  /** An attempt was ended from outside and another follows: worth a warning, as the file needn't be the cause. */
  interrupted(
    file: string,
    failure: { error: unknown; attempt: number; attempts: number; delayMs: number },
  ): void {
    const { error, attempt, attempts, delayMs } = failure;
    this.#log.warn(
      { file, attempt, code: codeOf(error) },
      `${this.#functionName} was interrupted on ${file}: ${reasonOf(error)}; attempt ${attempt + 1} of ${attempts} in ${delayMs / 1000} s`,
    );
  }

  /** The runtime was killed again and again while the function ran on a file. */
  interruptedAgain(file: string, times: number): void {
    this.#log.warn(
      { file, interruptions: times },
      `the runtime was killed ${times} times while ${this.#functionName} ran on ${file}: it goes to the end of the line`,
    );
  }

  setAside(file: string, reason: string, error?: unknown): void {
    this.#log.error({ file, code: codeOf(error) }, `${file} is set aside until it changes: ${reason}`);
  }

  cannotRun(error: unknown): void {
    this.#log.error(
      { function: this.#functionName, code: codeOf(error) },
      `${this.#functionName} can't be run, files wait for it: ${reasonOf(error)}`,
    );
  }

  canRunAgain(): void {
    this.#log.info({ function: this.#functionName }, `${this.#functionName} can be run again`);
  }

  folderMissing(path: string): void {
    this.#log.warn({ path }, `${this.#folder} is gone: nothing can land until it is there again`);
  }

  folderBack(path: string): void {
    this.#log.info({ path }, `${this.#folder} is there again and watched`);
  }

  /** The folder is looked at again and again: because the user wants so, or for the file system that it is on. */
  polled(path: string, interval: number, fileSystem: RemoteFileSystem | undefined): void {
    if (!this.#isNew(`polled for ${fileSystem?.name}`, path)) return;
    const folder = path === '' ? this.#folder : `${this.#folder}/${path}`;
    const reason = fileSystem
      ? `it is on ${fileSystem.name}, where nothing tells of what others write`
      : '`poll` says so';
    this.#log.info(
      { path, intervalMs: interval },
      `${folder} is polled every ${secondsOf(interval)}: ${reason}`,
    );
  }

  pollsSlowly(took: number, pause: number): void {
    if (!this.#isNew('polls slowly', '')) return;
    this.#log.info(
      { tookMs: Math.round(took), pauseMs: Math.round(pause) },
      `polling in ${this.#folder} took ${secondsOf(took)}: the next time is in ${secondsOf(pause)}, so that at most a ` +
        'tenth of the time goes into it',
    );
  }

  /** A folder contains itself, by way of a link. */
  linkLoop(path: string): void {
    if (!this.#isNew('link loop', path)) return;
    this.#log.debug({ path }, `${path} is a link to a folder that it is in: it is not followed`);
  }

  unreadable(path: string, error: Error): void {
    if (this.#isNew('unreadable', path)) {
      this.#log.warn(
        { path, code: codeOf(error) },
        `${path || this.#folder} can't be read: ${reasonOf(error)}`,
      );
    }
  }

  unwatchable(path: string, error: unknown): void {
    if (!this.#isNew('unwatchable', codeOf(error) === 'ENOSPC' ? '' : path)) return;
    const advice =
      codeOf(error) === 'ENOSPC'
        ? "the system's limit of watched folders is reached (Linux: raise fs.inotify.max_user_watches)"
        : reasonOf(error);
    this.#log.error(
      { path, code: codeOf(error) },
      `${path || this.#folder} can't be watched, only looked at once a minute: ${advice}`,
    );
  }

  checkFailed(file: string, error: unknown): void {
    if (isAbsence(error) || !this.#isNew('check', file)) return;
    this.#log.warn(
      { file },
      `\`complete\` failed on ${file}, which is judged by its quiet instead: ${reasonOf(error)}`,
    );
  }

  isDoneFailed(file: string, error: unknown): void {
    if (!this.#isNew('isDone', '')) return;
    this.#log.warn(
      { file },
      `\`isDone\` failed on ${file}, which is taken not to be done: ${reasonOf(error)}. Others may follow`,
    );
  }

  /** A mistake in the trigger itself: the one case in which a stack helps, so the error is given whole. */
  broken(file: string, error: unknown): void {
    this.#log.error({ file, err: error }, `the trigger itself failed on ${file}: ${reasonOf(error)}`);
  }

  #isNew(trouble: string, subject: string): boolean {
    const key = `${trouble}:${subject}`;
    if (this.#told.has(key)) return false;
    if (this.#told.size >= mostTold) this.#told.clear();
    this.#told.add(key);
    return true;
  }
}

// As in `100 ms`, `1 s`, `2.5 s`.
function secondsOf(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

// Bounds what is remembered of troubles told; beyond it some are told twice.
const mostTold = 10_000;
