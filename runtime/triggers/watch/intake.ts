import { join } from 'node:path';
import { Arrival } from './arrival.ts';
import { CoalescingQueue } from './coalescing-queue.ts';
import { type FileState, type FileStates, keyOf } from './file-state.ts';
import type { FileVersion, Look, Sight } from './file-version.ts';
import type { Journal } from './journal.ts';
import type { WatchSettings } from './options.ts';
import type { Receipts } from './receipts.ts';
import { Retries } from './retries.ts';
import { nameOf, type Selection } from './selection.ts';
import type { Timings } from './timings.ts';
import type { Completeness, WatchedFile } from './watched-file.ts';

export interface IntakeContext {
  readonly root: string;
  readonly settings: WatchSettings;
  readonly selection: Selection;
  readonly files: FileStates;
  readonly receipts: Receipts;
  readonly timings: Timings;
  readonly journal: Journal;
  readonly look: Look;
  /** How long a file at this path has to stay the same when its check can't vouch for it, in ms. */
  settleOf(path: string): number;
  /** Whether the watched folder itself is there. */
  isRootThere(): Promise<boolean>;
  /** A path turned out to be a folder. */
  onFolder(path: string): void;
  /** A path is no folder (any more). */
  onNoFolder(path: string): void;
  onQueued(): void;
  /** A known file is gone or has changed. */
  onDeparted(path: string): void;
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
  /** While set, the user is asked whether the work for a file that nothing is known of was done earlier. */
  asksWhetherDone = false;
  #closed = false;

  constructor(context: IntakeContext) {
    this.#context = context;
    this.#looks = new CoalescingQueue(looksAtOnce, (path) => this.#attempt(path));
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
    const { journal, receipts, files } = this.#context;
    // While nothing can be written down, no more than these looks pile up: what does is written in one go.
    if (receipts.areHeldUp && !(await receipts.committed())) return;
    if (this.#closed) return;
    try {
      const sight = await this.#look(path);
      // Of what arrives nobody else knows: it may not be there any more when the watched folder is.
      if (sight === 'away' && files.arrival(path)) return this.#retries.failed(path);
      if (sight === 'away' || sight?.kind !== 'unreadable') return this.#retries.succeeded(path);
      journal.unreadable(path, sight.error);
    } catch (error) {
      journal.broken(path, error);
    }
    // No event and no alarm may follow: what is there has still to be found out.
    this.#retries.failed(path);
  }

  /** Resolves with what it has seen, unless there was no point in looking, or the watched folder is away. */
  async #look(path: string): Promise<Sight | 'away' | undefined> {
    const { files, look } = this.#context;
    const resting = files.arrival(path);
    if (resting && resting.restUntil > performance.now()) {
      this.#lookAgain(resting, resting.restUntil);
      return;
    }

    let sight = await look(path);
    if (sight.kind === 'gone' && files.get(path)) {
      // When the watched folder is missing, none of its files is known to be gone: it may be a disk that comes back,
      // and may have come back between these two questions.
      if (!(await this.#context.isRootThere())) return 'away';
      sight = await look(path);
    }
    if (this.#closed) return;
    if (sight.kind === 'unreadable') return sight;
    if (sight.kind !== 'folder') this.#context.onNoFolder(path);
    if (sight.kind === 'file') {
      if (this.#context.selection.takes(path)) await this.#compare(path, sight.version);
      else this.#disown(path);
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
    if (state.name === 'gone') return;
    if (state.name === 'arriving') clearTimeout(state.arrival.alarm?.timer);
    // A file that is moved away and back is the same version: what was known of it is kept for a while.
    const isSettled = state.name === 'done' || state.name === 'output' || state.name === 'setAside';
    const next = isSettled ? ({ name: 'gone', before: state, since: Date.now() } as const) : undefined;
    this.#context.files.move(path, next);
    this.#context.journal.gone(path);
    this.#context.onDeparted(path);
  }

  // What was done, or set aside, may be matched again one day: that it was is kept.
  #disown(path: string): void {
    const { files, journal, onDeparted } = this.#context;
    if (!isInLine(files.get(path))) return;
    files.move(path, undefined);
    journal.unmatched(path);
    onDeparted(path);
  }

  async #compare(path: string, version: FileVersion): Promise<void> {
    const { files } = this.#context;
    const state = files.get(path);
    if (state?.name === 'arriving') return this.#judge(state.arrival, version);
    if (state && keyOf(state) === version.key) {
      if (state.name === 'gone') files.move(path, state.before);
      return;
    }
    if (state?.name === 'running') return this.#context.onSuperseded(path);
    if (!state && (this.takesAsKnown || this.asksWhetherDone)) {
      const isDone = this.takesAsKnown || (await this.#isDone(path, version));
      // Meanwhile it may have been listed as an output.
      if (this.#closed || files.get(path)) return;
      if (isDone) return files.move(path, { name: 'done', key: version.key });
    }
    const arrival = new Arrival(path, version);
    files.move(path, { name: 'arriving', arrival });
    if (state) this.#context.onDeparted(path);
    return this.#judge(arrival, version);
  }

  async #judge(arrival: Arrival, version: FileVersion): Promise<void> {
    const { files, timings, look, journal } = this.#context;
    const { path } = arrival;
    arrival.see(version);
    const began = performance.now();
    const verdict = await this.#verdict(arrival);
    arrival.verdict = verdict;
    const readiness = arrival.readiness(verdict, timings, this.#context.settleOf(path));
    // The verdict is on the bytes, the version on the metadata: they belong together if nothing changed meanwhile.
    const isByBytes = readiness.action === 'take' && verdict !== 'unknown';
    const after = isByBytes ? await look(path) : undefined;
    if (this.#closed || files.arrival(path) !== arrival) return;

    const ended = performance.now();
    arrival.restUntil = ended + Math.max(timings.rest, (ended - began) * restShare);
    if (readiness.action === 'lookAgain') return this.#lookAgain(arrival, ended + readiness.after);
    const isSame = !after || (after.kind === 'file' && after.version.key === version.key);
    if (!isSame) return this.#lookAgain(arrival, arrival.restUntil);

    clearTimeout(arrival.alarm?.timer);
    if (readiness.action === 'giveUp') {
      files.move(path, { name: 'setAside', key: version.key, reason: readiness.reason, failures: 0 });
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

  async #isDone(path: string, version: FileVersion): Promise<boolean> {
    const { settings, journal, root } = this.#context;
    try {
      return (await settings.isDone?.(watchedFile(root, path, version))) === true;
    } catch (error) {
      journal.isDoneFailed(path, error);
      return false;
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

function isInLine(state: FileState | undefined): boolean {
  return (
    state?.name === 'queued' ||
    state?.name === 'held' ||
    state?.name === 'waiting' ||
    state?.name === 'rearmed'
  );
}

/** A file as the user's callbacks see it. */
export function watchedFile(root: string, path: string, { size, mtimeMs }: FileVersion): WatchedFile {
  return { path: join(root, path), name: nameOf(path), relativePath: path, size, mtimeMs };
}

// Looks are file system calls on libuv's four threads: 16 keep them busy and leave gaps for the host program's own.
const looksAtOnce = 16;

// A check that reads a large file takes at most an eighth of the time, however often the file is written to.
const restShare = 7;
