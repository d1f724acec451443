import type { Invocation } from '../../invocation/invocation.ts';
import { failureKindOf, reasonOf } from '../failure.ts';
import type { TriggerContext } from '../trigger.ts';
import type { Clock } from './clock.ts';
import type { Journal } from './journal.ts';
import type { Ledger, RunRecord } from './ledger.ts';
import type { ScheduleSettings } from './options.ts';
import type { Timings } from './timings.ts';

export interface RunsContext {
  readonly trigger: TriggerContext;
  readonly settings: ScheduleSettings;
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly timings: Timings;
}

/** The runs of a schedule, from their times to their ends. */
export class Runs {
  readonly #context: RunsContext;
  readonly #runs = new Set<Run>();
  readonly #attempts = new Set<Promise<void>>();
  /** What comes after the one that runs. */
  #queued: RunRecord | undefined;
  #isOpen = true;
  #halt: () => void = () => {};
  readonly #halted = new Promise<void>((resolve) => {
    this.#halt = resolve;
  });

  constructor(context: RunsContext) {
    this.#context = context;
  }

  /** A time has come, for which this run is. */
  due(record: RunRecord): void {
    const { overlap } = this.#context.settings;
    for (const run of this.#runs) {
      if (run.phase.name === 'barred' || (run.phase.name === 'waiting' && overlap !== 'allow'))
        this.#overtake(run);
    }
    const [before] = this.#runs;
    if (before === undefined || overlap === 'allow') this.#begin(record);
    else if (overlap === 'queue') this.#queue(record, before);
    else this.#skip(record, before);
  }

  /** Begins nothing more. */
  halt(): void {
    this.#isOpen = false;
    this.#halt();
    for (const { phase } of this.#runs) {
      if (phase.name !== 'running') phase.cancel();
    }
  }

  /** Takes back what has not begun and resolves when what has begun is over. */
  async stop(): Promise<void> {
    this.halt();
    for (const { phase } of this.#runs) {
      if (phase.name === 'running' && phase.invocation?.status === 'queued')
        phase.invocation.cancel('the trigger stops');
    }
    await Promise.all(this.#attempts);
  }

  #queue(record: RunRecord, { record: before }: Run): void {
    const { ledger, journal } = this.#context;
    // One run for all that came meanwhile.
    if (this.#queued) ledger.forget(this.#queued);
    this.#queued = record;
    ledger.note(record, 'queued');
    journal.queued(record.scheduledAt, before);
  }

  #skip({ scheduledAt }: RunRecord, run: Run): void {
    this.#context.journal.skipped(scheduledAt, run.record, !run.hasSkipped);
    run.hasSkipped = true;
  }

  #begin(record: RunRecord): void {
    const run: Run = {
      record,
      phase: { name: 'running', invocation: undefined },
      bars: 0,
      hasSkipped: false,
    };
    this.#runs.add(run);
    this.#try(run);
  }

  #try(run: Run): void {
    const attempt = this.#attempt(run)
      .catch((error: unknown) => {
        this.#context.journal.broken(run.record, error);
        this.#over(run);
      })
      .finally(() => this.#attempts.delete(attempt));
    this.#attempts.add(attempt);
  }

  async #attempt(run: Run): Promise<void> {
    const { ledger, settings, trigger } = this.#context;
    ledger.note(run.record, 'running');
    await Promise.race([ledger.committed(), this.#halted]);
    if (!this.#isOpen) {
      ledger.note(run.record, 'queued');
      return;
    }
    let args: unknown;
    try {
      const { scheduledAt, isMissed } = run.record;
      args = settings.args({ scheduledAt: new Date(scheduledAt), isMissed });
    } catch (error) {
      this.#fail(run, `failed: \`args\` threw ${reasonOf(error)}`, error);
      return;
    }
    const { attempts } = settings;
    // The attempts of this trigger, each of which is noted, take the place of those that the function sets for itself.
    const options = attempts === undefined ? {} : { retry: { attempts: 1 } };
    const invocation = trigger.invoke(settings.invoke, args, options);
    run.phase = { name: 'running', invocation };
    const began = performance.now();
    try {
      await invocation;
    } catch (error) {
      this.#failed(run, error);
      return;
    }
    this.#done(run, Math.round(invocation.report?.durationMs ?? performance.now() - began));
  }

  #done(run: Run, durationMs: number): void {
    const { ledger, journal } = this.#context;
    ledger.ended(run.record, { outcome: 'done', durationMs });
    journal.done(run.record, durationMs);
    this.#over(run);
  }

  #failed(run: Run, error: unknown): void {
    const kind = failureKindOf(error);
    if (!this.#isOpen && (kind === 'cancelled' || kind === 'busy')) this.#takenBack(run, kind);
    else if (kind === 'cancelled') this.#fail(run, 'was cancelled', error);
    else if (kind === 'busy' || kind === 'noFunction') this.#bar(run, error);
    else this.#count(run, error, kind === 'hopeless');
  }

  #count(run: Run, error: unknown, isHopeless: boolean): void {
    const { settings, timings, journal } = this.#context;
    const { attempts = 1 } = settings;
    const failures = run.record.failures + 1;
    run.record = { ...run.record, failures, cutOffs: 0 };
    run.bars = 0;
    const reason = reasonOf(error);
    if (isHopeless || failures >= attempts) {
      const times = failures === 1 ? 'failed' : `failed ${failures} times, at last`;
      this.#fail(run, `${times}: ${reason}`, error);
      return;
    }
    const delayMs = Math.min(timings.firstRetry * 4 ** (failures - 1), timings.longestRetry);
    journal.failed(run.record, { error, delayMs });
    this.#wait(run, 'waiting', delayMs, `failed: ${reason}`);
  }

  /** The trigger stops: it never began, or was killed in the middle, which the next start can tell from its state. */
  #takenBack(run: Run, kind: 'cancelled' | 'busy'): void {
    if (kind === 'cancelled') this.#context.ledger.note(run.record, 'queued');
    this.#over(run);
  }

  /** There is no function to run, or no room for it. */
  #bar(run: Run, error: unknown): void {
    const { timings, journal } = this.#context;
    if (run.bars === 0) journal.cannotRun(run.record, error);
    const delayMs = Math.min(timings.firstRetry * 2 ** run.bars, timings.longestRetry);
    run.bars += 1;
    this.#wait(run, 'barred', delayMs, `could not be run: ${reasonOf(error)}`);
  }

  #wait(run: Run, name: 'waiting' | 'barred', delayMs: number, reason: string): void {
    const { ledger, clock } = this.#context;
    ledger.note(run.record, 'waiting');
    const retry = () => {
      run.phase = { name: 'running', invocation: undefined };
      this.#try(run);
    };
    const cancel = this.#isOpen ? clock.wake(retry, delayMs) : () => {};
    run.phase = { name, reason, cancel };
    // The time of the next one has come while it ran.
    if (this.#isOpen && this.#queued) this.#overtake(run);
  }

  /** It waits for another attempt when the next time comes. */
  #overtake(run: Run): void {
    if (run.phase.name === 'running') return;
    run.phase.cancel();
    this.#fail(run, `${run.phase.reason}; its next time has come`);
  }

  #fail(run: Run, reason: string, error?: unknown): void {
    const { ledger, journal } = this.#context;
    ledger.ended(run.record, { outcome: 'failed', reason });
    journal.ended(run.record, reason, error);
    this.#over(run);
  }

  #over(run: Run): void {
    this.#runs.delete(run);
    if (!this.#isOpen || !this.#queued) return;
    const record = this.#queued;
    this.#queued = undefined;
    this.#begin(record);
  }
}

interface Run {
  record: RunRecord;
  phase: Phase;
  /** How often in a row it could not be run at all. */
  bars: number;
  hasSkipped: boolean;
}

type Phase =
  | { readonly name: 'running'; readonly invocation: Invocation | undefined }
  /** For another attempt, or, barred, for the function to be there. */
  | { readonly name: 'waiting' | 'barred'; readonly reason: string; cancel(): void };
