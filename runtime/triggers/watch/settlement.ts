import { join } from 'node:path';
import { Arrival } from './arrival.ts';
import type { Run } from './dispatcher.ts';
import { type FailureKind, reasonOf } from './failure.ts';
import { type FileStates, keyOf } from './file-state.ts';
import { look } from './file-version.ts';
import type { Journal } from './journal.ts';
import type { WatchSettings } from './options.ts';
import { listedOutputs, type OutputPlaces, pathBelow } from './outputs.ts';
import type { Selection } from './selection.ts';
import type { Timings } from './timings.ts';

export interface SettlementContext {
  /** The folder of the configuration, which relative paths in results are resolved against. */
  readonly cwd: string;
  readonly root: string;
  /** The root with its links resolved: functions may list outputs by either. */
  readonly realRoot: string;
  readonly settings: WatchSettings;
  readonly selection: Selection;
  readonly files: FileStates;
  readonly places: OutputPlaces;
  readonly timings: Timings;
  readonly journal: Journal;
  /** Asks for a look at a file. */
  hint(path: string): void;
  /** A file is in line again. */
  onQueued(): void;
}

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
   * Whether the file is what the run was begun for. If it isn't, it is moved on: the newer version arrives, having
   * changed `reruns` times in a row while its function ran.
   */
  async isSameStill({ path, candidate }: Run, reruns: number): Promise<boolean> {
    const { root, files } = this.#context;
    const sight = await look(join(root, path));
    if (sight.kind === 'unreadable') return true;
    if (sight.kind !== 'file') {
      files.move(path, undefined);
      return false;
    }
    if (sight.version.key === candidate.version.key) return true;
    if (reruns === RERUNS_TOLD) this.#context.journal.keepsChanging(path);
    files.move(path, { name: 'arriving', arrival: new Arrival(path, sight.version, reruns) });
    this.#context.hint(path);
    return false;
  }

  /** It was not run: it keeps its place at the head of the line. */
  returned({ path, candidate }: Run): void {
    this.#context.files.move(path, { name: 'queued', candidate, returned: true });
  }

  async succeeded(run: Run, result: unknown, durationMs: number): Promise<void> {
    const { files, journal, places } = this.#context;
    const { path, candidate } = run;
    const listed = listedOutputs(result);
    const outputs = listed.flatMap((output) => this.#below(output) ?? []);
    await Promise.all(outputs.map((output) => this.#record(output, path)));
    places.learn(path, outputs);
    journal.processed(path, { durationMs, outputs: listed.length });

    if (outputs.includes(path)) {
      // It rewrote its own source and says so: what is there now is what it made.
      const sight = await look(join(this.#context.root, path));
      files.move(path, sight.kind === 'file' ? { name: 'done', key: sight.version.key } : undefined);
    } else if (await this.isSameStill(run, candidate.reruns + 1)) {
      files.move(path, { name: 'done', key: candidate.version.key });
    } else if (files.get(path)) {
      journal.changedMeanwhile(path);
    }
  }

  async failed(run: Run, error: unknown, kind: FailureKind): Promise<void> {
    const { timings, settings, journal } = this.#context;
    const { path, candidate } = run;
    if (!(await this.isSameStill(run, candidate.reruns + 1))) return;
    const reason = reasonOf(error);
    if (kind === 'hopeless') return this.#setAside(run, `${settings.invoke} can't take it: ${reason}`, error);

    const missing = timings.youngAge - ageOf(run);
    if (kind === 'failed' && candidate.verdict !== 'whole' && missing > 0) {
      journal.notReady(path, error, Math.ceil(missing / 1000));
      // A timer may be up to 1 ms early, which would make the next failure one of a young file again.
      return this.#retry(run, candidate.failures, reason, Math.ceil(missing) + 1);
    }

    const attempt = candidate.failures + 1;
    const { attempts } = settings;
    if (attempt >= attempts) {
      const prefix = candidate.verdict === 'partial' ? 'it seems incomplete, and ' : '';
      const times = attempts === 1 ? 'failed' : `failed ${attempts} times, at last`;
      return this.#setAside(run, `${prefix}${settings.invoke} ${times}: ${reason}`, error);
    }
    const delayMs = Math.min(timings.firstRetry * 4 ** candidate.failures, timings.longestRetry);
    if (kind === 'failed') journal.failed(path, { error, attempt, attempts, delayMs });
    else journal.interrupted(path, { error, attempt, attempts, delayMs });
    this.#retry(run, attempt, reason, delayMs);
  }

  /** The user's `args` threw. */
  refused(run: Run, error: unknown): void {
    this.#setAside(run, `\`args\` failed: ${reasonOf(error)}`, error);
  }

  #below(output: string): string | undefined {
    const { root, realRoot, cwd } = this.#context;
    return pathBelow([root, realRoot], cwd, output);
  }

  async #record(output: string, source: string): Promise<void> {
    const { files, selection, root, hint } = this.#context;
    if (output === source || !selection.file(output)) return;
    const sight = await look(join(root, output));
    const before = files.get(output);
    if (sight.kind !== 'file' || before?.name === 'running') return;
    files.move(output, { name: 'output', key: sight.version.key });
    // Another version was on its way in, perhaps a newer one than this look has seen.
    if (before && keyOf(before) !== sight.version.key) hint(output);
  }

  #retry({ path, candidate }: Run, failures: number, reason: string, delayMs: number): void {
    const { files, onQueued } = this.#context;
    const next = { ...candidate, failures };
    files.move(path, { name: 'waiting', candidate: next, reason });
    const timer = setTimeout(() => {
      this.#retries.delete(path);
      const state = files.get(path);
      if (state?.name !== 'waiting' || state.candidate !== next) return;
      files.move(path, { name: 'queued', candidate: next });
      onQueued();
    }, delayMs);
    clearTimeout(this.#retries.get(path));
    this.#retries.set(path, timer);
  }

  #setAside({ path, candidate }: Run, reason: string, error: unknown): void {
    this.#context.files.move(path, { name: 'setAside', key: candidate.version.key, reason });
    this.#context.journal.setAside(path, reason, error);
  }
}

// By the time of the version itself where the clocks agree; one from the future counts from when it was seen.
function ageOf({ candidate: { version } }: Run): number {
  return Math.max(performance.now() - version.seenAt, Date.now() - version.mtimeMs);
}

// So many changes in a row during the run are more than a slow writer: likely the function writes to its source.
const RERUNS_TOLD = 5;
