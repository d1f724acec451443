import { join } from 'node:path';
import { Arrival } from './arrival.ts';
import { CoalescingQueue } from './coalescing-queue.ts';
import { type FileStates, keyOf } from './file-state.ts';
import { type FileVersion, look, type Sight } from './file-version.ts';
import type { Journal } from './journal.ts';
import type { WatchSettings } from './options.ts';
import { Retries } from './retries.ts';
import { nameOf, type Selection } from './selection.ts';
import type { Timings } from './timings.ts';
import type { Completeness, WatchedFile } from './watched-file.ts';

export interface IntakeContext {
  readonly root: string;
  readonly settings: WatchSettings;
  readonly selection: Selection;
  readonly files: FileStates;
  readonly timings: Timings;
  readonly journal: Journal;
  /** Whether the watched folder itself is there. */
  isRootThere(): Promise<boolean>;
  /** A path turned out to be a folder. */
  onFolder(path: string): void;
  /** A path is no folder (any more). */
  onNoFolder(path: string): void;
  onQueued(): void;
  /** A known file is gone or has changed. */
  onDeparted(): void;
  /** Another version was seen of a file whose invocation has not begun, or it is gone. */
  onSuperseded(path: string): void;
}

/**
 * Takes hints that something may have happened to a path, looks, and queues each version of a file once it is
 * complete. A hint carries no meaning of its own: whatever it was, the file is compared with what is known of it.
 */
export class Intake {
  readonly #context: IntakeContext;
  readonly #looks: CoalescingQueue;
  readonly #retries: Retries;
  /** While set, what is found counts as known: it was there before the start. */
  takesAsKnown = false;
  #closed = false;

  constructor(context: IntakeContext) {
    this.#context = context;
    this.#looks = new CoalescingQueue(LOOKS_AT_ONCE, (path) => this.#attempt(path));
    this.#retries = new Retries(context.timings, (path) => this.hint(path, 'ordinary'));
  }

  hint(path: string, urgency: 'urgent' | 'ordinary'): void {
    this.#looks.add(path, urgency);
  }

  /** How many paths are still to be looked at. */
  get pending(): number {
    return this.#looks.size;
  }

  /** Resolves when there is no path left to be looked at. */
  idle(): Promise<void> {
    return this.#looks.idle();
  }

  close(): void {
    this.#closed = true;
    this.#looks.close();
    this.#retries.close();
    for (const arrival of this.#context.files.arrivals()) clearTimeout(arrival.alarm?.timer);
  }

  async #attempt(path: string): Promise<void> {
    const { journal } = this.#context;
    try {
      const sight = await this.#look(path);
      if (sight?.kind !== 'unreadable') return this.#retries.succeeded(path);
      journal.unreadable(path, sight.error);
    } catch (error) {
      journal.broken(path, error);
    }
    // No event and no alarm may follow: what is there has still to be found out.
    this.#retries.failed(path);
  }

  /** Resolves with what it has seen, unless there was no point in looking. */
  async #look(path: string): Promise<Sight | undefined> {
    const { files, root } = this.#context;
    const resting = files.arrival(path);
    if (resting && resting.restUntil > performance.now()) {
      this.#lookAgain(resting, resting.restUntil);
      return;
    }

    let sight = await look(join(root, path));
    if (sight.kind === 'gone' && files.get(path)) {
      // When the watched folder is missing, none of its files is known to be gone: it may be a disk that comes back,
      // and may have come back between these two questions.
      if (!(await this.#context.isRootThere())) return;
      sight = await look(join(root, path));
    }
    if (this.#closed) return;
    if (sight.kind === 'unreadable') return sight;
    if (sight.kind !== 'folder') this.#context.onNoFolder(path);
    if (sight.kind === 'file') {
      if (this.#context.selection.file(path)) await this.#compare(path, sight.version);
    } else {
      this.#forget(path);
      if (sight.kind === 'folder' && this.#context.selection.folder(path)) this.#context.onFolder(path);
    }
    return sight;
  }

  #forget(path: string): void {
    const state = this.#context.files.get(path);
    if (!state) return;
    if (state.name === 'running') {
      this.#context.onSuperseded(path);
      return;
    }
    if (state.name === 'arriving') clearTimeout(state.arrival.alarm?.timer);
    this.#context.files.move(path, undefined);
    this.#context.journal.gone(path);
    this.#context.onDeparted();
  }

  async #compare(path: string, version: FileVersion): Promise<void> {
    const { files } = this.#context;
    const state = files.get(path);
    if (state?.name === 'arriving') return this.#judge(state.arrival, version);
    if (state && keyOf(state) === version.key) return;
    if (state?.name === 'running') return this.#context.onSuperseded(path);
    if (!state && this.takesAsKnown) return files.move(path, { name: 'done', key: version.key });
    const arrival = new Arrival(path, version);
    files.move(path, { name: 'arriving', arrival });
    if (state) this.#context.onDeparted();
    return this.#judge(arrival, version);
  }

  async #judge(arrival: Arrival, version: FileVersion): Promise<void> {
    const { files, timings, root, journal } = this.#context;
    const { path } = arrival;
    arrival.see(version);
    const began = performance.now();
    const verdict = await this.#verdict(arrival);
    const readiness = arrival.readiness(verdict, timings);
    // The verdict is on the bytes, the version on the metadata: they belong together if nothing changed meanwhile.
    const after = readiness.action === 'take' ? await look(join(root, path)) : undefined;
    if (this.#closed || files.arrival(path) !== arrival) return;

    const ended = performance.now();
    arrival.restUntil = ended + Math.max(timings.rest, (ended - began) * REST_SHARE);
    if (readiness.action === 'lookAgain') return this.#lookAgain(arrival, ended + readiness.after);
    const isSame = !after || (after.kind === 'file' && after.version.key === version.key);
    if (!isSame) return this.#lookAgain(arrival, arrival.restUntil);

    clearTimeout(arrival.alarm?.timer);
    if (readiness.action === 'giveUp') {
      files.move(path, { name: 'setAside', key: version.key, reason: readiness.reason });
      journal.setAside(path, readiness.reason);
      return;
    }
    const candidate = { version: arrival.version, verdict, failures: 0, reruns: arrival.reruns };
    files.move(path, { name: 'queued', candidate });
    journal.queued(path);
    this.#context.onQueued();
  }

  async #verdict({ path, version }: Arrival): Promise<Completeness> {
    if (version.size === 0) return 'partial';
    const { settings, journal, root } = this.#context;
    try {
      return await settings.complete(watchedFile(root, path, version));
    } catch (error) {
      // A file that vanished while it was read is found to be gone by the look that follows.
      journal.checkFailed(path, error);
      return 'unknown';
    }
  }

  #lookAgain(arrival: Arrival, at: number): void {
    if (arrival.alarm && arrival.alarm.at <= at) return;
    clearTimeout(arrival.alarm?.timer);
    const ring = () => {
      arrival.alarm = undefined;
      this.hint(arrival.path, 'urgent');
    };
    arrival.alarm = { at, timer: setTimeout(ring, Math.max(0, Math.ceil(at - performance.now()))) };
  }
}

/** A file as the user's callbacks see it. */
export function watchedFile(root: string, path: string, { size, mtimeMs }: FileVersion): WatchedFile {
  return { path: join(root, path), name: nameOf(path), relativePath: path, size, mtimeMs };
}

// Looks are file system calls on libuv's four threads: 16 keep them busy and leave gaps for the host program's own.
const LOOKS_AT_ONCE = 16;

// A check that reads a large file takes at most an eighth of the time, however often the file is written to.
const REST_SHARE = 7;
