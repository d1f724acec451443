import type { Invocation } from '../../invocation/invocation.ts';
import { failureKindOf, lacksRoom } from '../failure.ts';
import type { TriggerContext } from '../trigger.ts';
import type { Candidate, FileStates } from './file-state.ts';
import { HeldFiles } from './held-files.ts';
import { watchedFile } from './intake.ts';
import type { Journal } from './journal.ts';
import type { WatchSettings } from './options.ts';
import type { OutputPlaces } from './outputs.ts';
import { Pause } from './pause.ts';
import type { Receipts } from './receipts.ts';
import type { Selection } from './selection.ts';
import type { Settlement } from './settlement.ts';
import type { Timings } from './timings.ts';
import { Writers } from './writers.ts';

export interface DispatcherContext {
  readonly trigger: TriggerContext;
  readonly root: string;
  readonly settings: WatchSettings;
  readonly selection: Selection;
  readonly files: FileStates;
  readonly receipts: Receipts;
  readonly places: OutputPlaces;
  readonly settlement: Settlement;
  readonly timings: Timings;
  readonly journal: Journal;
}

/** Hands the backlog to the pool, first in, first out, a few files per worker at a time. */
export class Dispatcher {
  readonly #context: DispatcherContext;
  readonly #writers: Writers;
  readonly #pause: Pause;
  readonly #runs = new Map<string, Run>();
  readonly #ends = new Set<Promise<void>>();
  readonly #held: HeldFiles;
  #nextTurn: NodeJS.Immediate | undefined;
  /** Resolves when all that were begun so far have been invoked or dropped: checks may overtake each other. */
  #entered: Promise<void> = Promise.resolve();
  #isOpen = false;
  #halt: () => void = () => {};
  readonly #halted = new Promise<void>((resolve) => {
    this.#halt = resolve;
  });
  /** Whether it is waited for that receipts can be kept. */
  #isHeldUp = false;
  /** Whether the function was reported to be missing. */
  #isOut = false;

  constructor(context: DispatcherContext) {
    this.#context = context;
    this.#writers = new Writers(context);
    this.#pause = new Pause(context.timings, () => this.pump());
    this.#held = new HeldFiles({
      doubt: context.timings.doubt,
      check: (path) => this.#checkHeld(path),
      onChecked: () => this.pump(),
      onBroken: (error) => context.journal.broken('what is held back', error),
    });
  }

  /** `interrupted` are the files whose function was running when the runtime was killed. */
  start(interrupted: Iterable<string>): void {
    for (const path of interrupted) this.#writers.mayHaveBegun(path);
    this.#isOpen = true;
    this.pump();
  }

  /** Hands in what there is room for, as soon as it can be written down. To be called when a file is queued. */
  pump(): void {
    while (this.#isOpen && !this.#pause.isOn && this.#runs.size < this.#slots) {
      const path = this.#next();
      if (path === undefined) {
        this.#pumpWhenKept();
        return;
      }
      this.#begin(path);
    }
  }

  #pumpWhenKept(): void {
    const { receipts } = this.#context;
    if (this.#isHeldUp || !receipts.areHeldUp) return;
    this.#isHeldUp = true;
    void receipts.committed().then((isKept) => {
      this.#isHeldUp = false;
      if (isKept) this.pump();
    });
  }

  /**
   * Puts back in line what this file's invocation is not suspected to have written any more. To be called when it is not
   * what it was: its run is over, it is gone, or it has changed.
   */
  release(path: string): void {
    if (this.#isOpen) this.#held.over(path);
  }

  /** The same for all. To be called when it became known where outputs go. */
  releaseAll(): void {
    if (this.#isOpen) this.#held.checkAll();
  }

  #checkHeld(path: string): void {
    const { files } = this.#context;
    const state = files.get(path);
    if (state?.name !== 'held' || this.#isHeldBack(path, state.candidate)) return;
    files.move(path, { name: 'queued', candidate: state.candidate, returned: true });
  }

  /** The version that was handed in is not the file's last any more: takes it back if it has not begun. */
  revoke(path: string): void {
    const run = this.#runs.get(path);
    if (run?.invocation?.status !== 'queued') return;
    run.isRevoked = true;
    run.invocation.cancel('the file has changed or is gone');
  }

  /** What the backlog was held back for may be over: one file finds out at once. To be called when the folder is back. */
  probe(): void {
    this.#pause.close();
    this.pump();
  }

  /** Hands in nothing more. */
  halt(): void {
    this.#isOpen = false;
    this.#halt();
    this.#pause.close();
    this.#held.close();
    clearImmediate(this.#nextTurn);
  }

  /** Takes back what has not begun and resolves when what has begun is settled. */
  async stop(): Promise<void> {
    this.halt();
    for (const run of this.#runs.values()) {
      if (run.invocation?.status !== 'queued') continue;
      run.isRevoked = true;
      run.invocation.cancel('the trigger stops');
    }
    await Promise.all(this.#ends);
    // The pause of what the pool refused or killed meanwhile.
    this.#pause.close();
  }

  get #slots(): number {
    if (this.#pause.isProbing) return 1;
    return Math.max(1, this.#context.trigger.concurrency) * filesPerWorker;
  }

  #next(): string | undefined {
    const { files, receipts, selection, journal } = this.#context;
    for (let passed = 0; passed < passedATurn; passed += 1) {
      const path = receipts.firstQueued();
      const state = path === undefined ? undefined : files.get(path);
      if (path === undefined || state?.name !== 'queued') return undefined;
      if (!selection.takes(path)) {
        files.move(path, undefined);
        journal.unmatched(path);
        this.release(path);
      } else if (this.#isHeldBack(path, state.candidate)) {
        files.move(path, { name: 'held', candidate: state.candidate });
      } else return path;
    }
    this.#nextTurn ??= setImmediate(() => {
      this.#nextTurn = undefined;
      this.pump();
    });
    return undefined;
  }

  #isHeldBack(path: string, { version }: Candidate): boolean {
    const { until, writer } = this.#writers.suspect(path, version.seenAt);
    if (until <= performance.now()) return false;
    this.#held.add(path, writer);
    return true;
  }

  #begin(path: string): void {
    const { files } = this.#context;
    const state = files.get(path);
    if (state?.name !== 'queued') return;
    const run: Run = { path, candidate: state.candidate, invocation: undefined, isRevoked: false };
    files.move(path, { name: 'running', candidate: run.candidate });
    this.#runs.set(path, run);
    const end = this.#run(run)
      .catch((error: unknown) => this.#context.journal.broken(path, error))
      .finally(() => {
        this.#runs.delete(path);
        this.#ends.delete(end);
        // What is held when the trigger stops is in line at the next start.
        this.release(path);
        this.pump();
      });
    this.#ends.add(end);
  }

  async #run(run: Run): Promise<void> {
    const entry = this.#enter(run, this.#entered);
    this.#entered = entry.catch(() => undefined);
    await entry;
    const { invocation } = run;
    if (!invocation) return;
    const began = performance.now();
    const outcome = await invocation.then(
      (result) => ({ hasSucceeded: true as const, result }),
      (error: unknown) => ({ hasSucceeded: false as const, error }),
    );
    if (!outcome.hasSucceeded) return this.#failed(run, outcome.error);
    const durationMs = Math.round(invocation.report?.durationMs ?? performance.now() - began);
    this.#ran();
    await this.#context.settlement.succeeded(run, outcome.result, durationMs);
    this.#writers.ended(run.path);
  }

  /** Invokes the function, if the file is still what it was, after those that came first have been. */
  async #enter(run: Run, before: Promise<void>): Promise<void> {
    const { settlement, receipts, timings, settings, root, trigger } = this.#context;
    const age = performance.now() - run.candidate.version.seenAt;
    const found = age <= timings.freshness ? 'same' : await settlement.find(run, run.candidate.reruns);
    // A disk that is full for long is no reason for a stop to wait.
    const kept = Promise.all([receipts.committed(), before]).then(([isKept]) => isKept);
    const isKept = await Promise.race([kept, this.#halted.then(() => false)]);
    if (found === 'moved') return;
    if (found === 'away' && this.#isOpen) this.#pause.begin();
    if (found === 'away' || !isKept || !this.#isOpen) {
      settlement.returned(run);
      return;
    }
    let args: unknown;
    try {
      args = settings.args(watchedFile(root, run.path, run.candidate.version));
    } catch (error) {
      settlement.refused(run, error);
      return;
    }
    this.#writers.began(run.path);
    run.invocation = trigger.invoke(settings.invoke, args, { retry: once });
  }

  async #failed(run: Run, error: unknown): Promise<void> {
    const { settlement, journal } = this.#context;
    const kind = failureKindOf(error);
    // What was interrupted may have left outputs that nobody listed: it goes on counting as their writer.
    if (kind !== 'interrupted') this.#writers.ended(run.path);
    if (kind === 'cancelled' && (run.isRevoked || !this.#isOpen)) {
      const found = this.#isOpen ? await settlement.find(run, run.candidate.reruns) : 'same';
      if (found !== 'moved') settlement.returned(run);
    } else if (kind === 'busy' || kind === 'noFunction') {
      if (kind === 'noFunction' && !this.#isOut) {
        this.#isOut = true;
        journal.cannotRun(error);
      }
      this.#pause.begin();
      settlement.returned(run);
    } else if (lacksRoom(error)) {
      // One file at a time finds out whether there is room again, and not the same one each time.
      this.#pause.begin();
      await settlement.lackedRoom(run, error);
    } else {
      this.#ran();
      await settlement.failed(run, error, kind);
      if (kind === 'interrupted') this.#writers.interrupted(run.path);
    }
  }

  #ran(): void {
    this.#pause.end();
    if (!this.#isOut) return;
    this.#isOut = false;
    this.#context.journal.canRunAgain();
  }
}

/** One file on its way through the function. */
export interface Run {
  readonly path: string;
  readonly candidate: Candidate;
  invocation: Invocation | undefined;
  /** Whether the trigger itself cancelled it. */
  isRevoked: boolean;
}

// The attempts of this trigger, each of which is noted, take the place of those that the function sets for itself.
const once = { attempts: 1 };

// At most 100 µs for each that is held back or leaves the line.
const passedATurn = 64;

// Enough that a worker never waits for the trigger between two short invocations, and few enough that what is queued
// in the pool can be taken back when a file changes.
const filesPerWorker = 4;
