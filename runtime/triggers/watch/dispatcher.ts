import type { Invocation } from '../../invocation/invocation.ts';
import type { TriggerContext } from '../trigger.ts';
import { failureKindOf } from './failure.ts';
import type { Candidate, FileStates } from './file-state.ts';
import { watchedFile } from './intake.ts';
import type { Journal } from './journal.ts';
import type { WatchSettings } from './options.ts';
import type { OutputPlaces } from './outputs.ts';
import { Pause } from './pause.ts';
import type { Receipts } from './receipts.ts';
import type { Settlement } from './settlement.ts';
import type { Timings } from './timings.ts';
import { Writers } from './writers.ts';

export interface DispatcherContext {
  readonly trigger: TriggerContext;
  readonly root: string;
  readonly settings: WatchSettings;
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
  readonly #held = new Set<string>();
  #nextRelease: NodeJS.Timeout | undefined;
  /** Resolves when all that were begun so far have been invoked or dropped: checks may overtake each other. */
  #entered: Promise<void> = Promise.resolve();
  #isOpen = false;
  /** Whether the function was reported to be missing. */
  #isOut = false;

  constructor(context: DispatcherContext) {
    this.#context = context;
    this.#writers = new Writers(context);
    this.#pause = new Pause(context.timings, () => this.pump());
  }

  start(): void {
    this.#isOpen = true;
    this.pump();
  }

  /** Hands in what there is room for. To be called when a file was queued. */
  pump(): void {
    while (this.#isOpen && !this.#pause.isOn && this.#runs.size < this.#slots) {
      const path = this.#next();
      if (path === undefined) return;
      this.#begin(path);
    }
  }

  /** Puts back in line what no invocation is suspected to have written any more. To be called when a run is over. */
  release(): void {
    const { files } = this.#context;
    for (const path of this.#held) {
      const state = files.get(path);
      if (state?.name === 'held') {
        if (this.#isHeldBack(path, state.candidate)) continue;
        files.move(path, { name: 'queued', candidate: state.candidate, returned: true });
      }
      this.#held.delete(path);
    }
    this.pump();
  }

  /** The version that was handed in is not the file's last any more: takes it back if it has not begun. */
  revoke(path: string): void {
    const run = this.#runs.get(path);
    if (run?.invocation?.status !== 'queued') return;
    run.isRevoked = true;
    run.invocation.cancel('the file has changed or is gone');
  }

  /** Hands in nothing more. */
  halt(): void {
    this.#isOpen = false;
    this.#pause.close();
    clearTimeout(this.#nextRelease);
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
    return Math.max(1, this.#context.trigger.concurrency) * FILES_PER_WORKER;
  }

  #next(): string | undefined {
    const { files, receipts } = this.#context;
    for (let path = receipts.firstQueued(); path !== undefined; path = receipts.firstQueued()) {
      const state = files.get(path);
      if (state?.name !== 'queued') return undefined;
      if (!this.#isHeldBack(path, state.candidate)) return path;
      files.move(path, { name: 'held', candidate: state.candidate });
      this.#held.add(path);
    }
    return undefined;
  }

  #isHeldBack(path: string, { version }: Candidate): boolean {
    const until = this.#writers.suspectedUntil(path, version.seenAt);
    if (until <= performance.now()) return false;
    // One timer for all: each may be held for twice as long, and thousands of them cost one pass in that time.
    if (until < Infinity && this.#isOpen) {
      this.#nextRelease ??= setTimeout(() => {
        this.#nextRelease = undefined;
        this.release();
      }, this.#context.timings.doubt);
    }
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
        this.release();
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
    const isCurrent = age <= timings.freshness || (await settlement.isSameStill(run, run.candidate.reruns));
    await Promise.all([before, receipts.committed()]);
    if (!isCurrent) return;
    if (!this.#isOpen) {
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
      const isCurrent = !this.#isOpen || (await settlement.isSameStill(run, run.candidate.reruns));
      if (isCurrent) settlement.returned(run);
    } else if (kind === 'busy' || kind === 'noFunction') {
      if (kind === 'noFunction' && !this.#isOut) {
        this.#isOut = true;
        journal.cannotRun(error);
      }
      this.#pause.begin();
      settlement.returned(run);
    } else {
      this.#ran();
      await settlement.failed(run, error, kind);
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

// Enough that a worker never waits for the trigger between two short invocations, and few enough that what is queued
// in the pool can be taken back when a file changes.
const FILES_PER_WORKER = 4;
