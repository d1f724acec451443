import { type FailureKind, reasonOf } from '../failure.ts';
import { Arrival } from './arrival.ts';
import type { Run } from './dispatcher.ts';
import { type FileState, type FileStates, keyOf } from './file-state.ts';
import type { Look, Sight } from './file-version.ts';
import type { Journal } from './journal.ts';
import { throughLinks } from './links.ts';
import type { WatchSettings } from './options.ts';
import { listedOutputs, type OutputPlaces, pathBelow } from './outputs.ts';
import type { Receipts } from './receipts.ts';
import type { Selection } from './selection.ts';
import type { Timings } from './timings.ts';

export interface SettlementContext {
  /** The folder of the configuration, which relative paths in results are resolved against. */
  readonly cwd: string;
  readonly root: string;
  readonly settings: WatchSettings;
  readonly selection: Selection;
  readonly files: FileStates;
  readonly receipts: Receipts;
  readonly places: OutputPlaces;
  readonly timings: Timings;
  readonly journal: Journal;
  readonly look: Look;
  /** The root with its links resolved, as they lead now: functions may list outputs by either. */
  realRoot(): Promise<string>;
  /** Whether the watched folder itself is there. */
  isRootThere(): Promise<boolean>;
  /** Asks for a look at a file. */
  hint(path: string): void;
  /** A file is in line again. */
  onQueued(): void;
  /** A known file turned out to be an output. */
  onDeparted(path: string): void;
  /** It is known better where outputs go. */
  onLearned(): void;
}

/**
 * What a run finds of its file: it is the `same`, as far as can be told, or has `moved` on to another state. While the
 * watched folder is `away`, nothing can be told.
 */
export type Finding = 'same' | 'moved' | 'away';

/** Decides where a file goes after its function ran, or was not run after all. */
export class Settlement {
  readonly #context: SettlementContext;
  readonly #retries = new Map<string, NodeJS.Timeout>();

  constructor(context: SettlementContext) {
    this.#context = context;
  }

  /** Forgets the planned retries. */
  close(): void {
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
  }

  /**
   * Looks whether the file is what the run was begun for. If it isn't, it is moved on: the newer version arrives, having
   * changed `reruns` times in a row while its function ran; when there is none, the file gets the state `whenGone`.
   */
  async find({ path, candidate }: Run, reruns: number, whenGone?: FileState): Promise<Finding> {
    const { files, hint, journal } = this.#context;
    const sight = await this.#sightOf(path);
    if (sight === 'away') return sight;
    if (sight.kind === 'unreadable') return 'same';
    if (sight.kind === 'file') {
      if (sight.version.key === candidate.version.key) return 'same';
      if (reruns === rerunsTold) journal.keepsChanging(path);
      files.move(path, { name: 'arriving', arrival: new Arrival(path, sight.version, reruns) });
    } else {
      files.move(path, whenGone);
    }
    // Also when it is gone: while it counted as running, nobody took notice of its return.
    hint(path);
    return 'moved';
  }

  // Of a watched folder that is away no file is gone. It may have come back between these two questions.
  async #sightOf(path: string): Promise<Sight | 'away'> {
    const { look, isRootThere } = this.#context;
    const sight = await look(path);
    if (sight.kind !== 'gone') return sight;
    return (await isRootThere()) ? look(path) : 'away';
  }

  /** It was not run: it keeps its place at the head of the line. */
  returned({ path, candidate }: Run): void {
    this.#context.files.move(path, { name: 'queued', candidate, returned: true });
  }

  async succeeded(run: Run, result: unknown, durationMs: number): Promise<void> {
    const { receipts, journal, places } = this.#context;
    const { path } = run;
    const listed = listedOutputs(result);
    const below = await Promise.all(listed.map((output) => this.#below(output, path)));
    const outputs = below.flatMap((output) => output ?? []);
    await Promise.all(outputs.map((output) => this.#record(output, path)));
    if (places.learn(path, outputs)) {
      if (places.learned) receipts.learnedPlaces = places.learned;
      this.#context.onLearned();
    }
    const hasChanged = await this.#conclude(run, outputs);
    // Told when its receipt is no more one of a file that runs: `pool start` adds these lines to the files that are left.
    journal.processed(path, { durationMs, outputs: listed.length });
    if (hasChanged) journal.changedMeanwhile(path);
  }

  /** Returns whether another version of the file arrives. */
  async #conclude(run: Run, outputs: readonly string[]): Promise<boolean> {
    const { files, look } = this.#context;
    const { path, candidate } = run;
    const done = { name: 'done', key: candidate.version.key } as const;
    if (outputs.includes(path)) {
      // It rewrote its own source and says so: what is there now is what it made.
      const sight = await look(path);
      files.move(path, sight.kind === 'file' ? { name: 'done', key: sight.version.key } : undefined);
      return false;
    }
    const gone = { name: 'gone', before: done, since: Date.now() } as const;
    if ((await this.find(run, candidate.reruns + 1, gone)) === 'moved')
      return files.get(path)?.name === 'arriving';
    // Also of a watched folder that is away: it is done when it comes back.
    files.move(path, done);
    return false;
  }

  /** The function found no room on a disk, which says nothing of the file: no attempt, and tried again until there is. */
  async lackedRoom(run: Run, error: unknown): Promise<void> {
    const { timings, journal } = this.#context;
    const { path, candidate } = run;
    if (!(await this.#isStillThere(run, error))) return;
    journal.lacksRoom(path, error);
    this.#retry(run, candidate.failures, reasonOf(error), timings.roomRetry);
  }

  async failed(run: Run, error: unknown, kind: FailureKind): Promise<void> {
    const { timings, settings, journal } = this.#context;
    const { path, candidate } = run;
    if (!(await this.#isStillThere(run, kind === 'failed' ? error : undefined))) return;
    const reason = reasonOf(error);
    const attempt = candidate.failures + 1;
    if (kind === 'hopeless')
      return this.#setAside(run, {
        failures: attempt,
        reason: `${settings.invoke} can't take it: ${reason}`,
        error,
      });

    const missing = timings.youngAge - ageOf(run);
    if (kind === 'failed' && candidate.verdict !== 'whole' && missing > 0) {
      journal.notReady(path, error, Math.ceil(missing / 1000));
      // A timer may be up to 1 ms early, which would make the next failure one of a young file again.
      return this.#retry(run, candidate.failures, reason, Math.ceil(missing) + 1);
    }

    const { attempts } = settings;
    if (attempt >= attempts) {
      const prefix = candidate.verdict === 'partial' ? 'it seems incomplete, and ' : '';
      const times = attempts === 1 ? 'failed' : `failed ${attempts} times, at last`;
      return this.#setAside(run, {
        failures: attempt,
        reason: `${prefix}${settings.invoke} ${times}: ${reason}`,
        error,
      });
    }
    const delayMs = Math.min(timings.firstRetry * 4 ** candidate.failures, timings.longestRetry);
    if (kind === 'failed') journal.failed(path, { error, attempt, attempts, delayMs });
    else journal.interrupted(path, { error, attempt, attempts, delayMs });
    this.#retry(run, attempt, reason, delayMs);
  }

  /** If the file of a failed run has moved on, or is away with its folder for `thrown` to come from that, it is settled. */
  async #isStillThere(run: Run, thrown: unknown): Promise<boolean> {
    const found = await this.find(run, run.candidate.reruns + 1);
    if (found !== 'away' || thrown === undefined) return found !== 'moved';
    // Likely for that reason.
    this.#context.journal.failedWithoutFolder(run.path, thrown);
    this.returned(run);
    return false;
  }

  /** The user's `args` threw. */
  refused(run: Run, error: unknown): void {
    const { failures } = run.candidate;
    this.#setAside(run, { failures, reason: `\`args\` failed: ${reasonOf(error)}`, error });
  }

  async #below(output: string, source: string): Promise<string | undefined> {
    const { root, realRoot, cwd, settings } = this.#context;
    const below = pathBelow([root], cwd, output) ?? pathBelow([await realRoot()], cwd, output);
    if (below !== undefined || !settings.followSymlinks) return below;
    return throughLinks({ root, cwd, source }, output);
  }

  async #record(output: string, source: string): Promise<void> {
    const { files, selection, look, hint, onDeparted } = this.#context;
    if (output === source || !selection.file(output)) return;
    const sight = await look(output);
    const before = files.get(output);
    if (sight.kind !== 'file' || before?.name === 'running') return;
    files.move(output, { name: 'output', key: sight.version.key });
    if (before) onDeparted(output);
    // Another version was on its way in, perhaps a newer one than this look has seen.
    if (before && keyOf(before) !== sight.version.key) hint(output);
  }

  #retry({ path, candidate }: Run, failures: number, reason: string, delayMs: number): void {
    const { files, onQueued } = this.#context;
    const next = { ...candidate, failures };
    files.move(path, { name: 'waiting', candidate: next, reason, nextAt: Date.now() + delayMs });
    const timer = setTimeout(() => {
      this.#retries.delete(path);
      const state = files.get(path);
      if (state?.name !== 'waiting' || keyOf(state) !== next.version.key) return;
      files.move(path, { name: 'queued', candidate: next });
      onQueued();
    }, delayMs);
    clearTimeout(this.#retries.get(path));
    this.#retries.set(path, timer);
  }

  #setAside(
    { path, candidate }: Run,
    { failures, reason, error }: { failures: number; reason: string; error: unknown },
  ): void {
    this.#context.files.move(path, { name: 'setAside', key: candidate.version.key, reason, failures });
    this.#context.journal.setAside(path, reason, error);
  }
}

// By the time of the version itself where the clocks agree; one from the future counts from when it was seen.
function ageOf({ candidate: { version } }: Run): number {
  return Math.max(performance.now() - version.seenAt, Date.now() - version.mtimeMs);
}

// So many changes in a row during the run are more than a slow writer: likely the function writes to its source.
const rerunsTold = 5;
