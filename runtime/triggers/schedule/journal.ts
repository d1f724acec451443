import type { Logger } from '../../config/logger.ts';
import { PoolError } from '../../errors/pool-errors.ts';
import { reasonOf } from '../failure.ts';
import type { RunRecord } from './ledger.ts';
import type { ScheduleSettings } from './options.ts';

/** Every line that the trigger logs. */
export class Journal {
  readonly #log: Logger;
  readonly #settings: ScheduleSettings;
  readonly #format: Intl.DateTimeFormat;

  constructor(log: Logger, settings: ScheduleSettings) {
    this.#log = log;
    this.#settings = settings;
    // Swedes write dates as everybody can read them: 2025-03-30 03:00:00.
    const style = { dateStyle: 'short', timeStyle: 'medium' } as const;
    this.#format = new Intl.DateTimeFormat('sv', { ...style, timeZone: settings.timezone });
  }

  scheduled(next: number | undefined): void {
    const { cron, invoke } = this.#settings;
    const when = next === undefined ? 'never' : `next at ${this.#at(next)}`;
    this.#log.info({ function: invoke, next: iso(next) }, `${cron} runs ${invoke}, ${when}`);
  }

  done(record: RunRecord, durationMs: number): void {
    this.#log.info({ ...this.#fields(record), durationMs }, `${this.#run(record)}: done in ${durationMs} ms`);
  }

  /** An attempt failed and another follows. */
  failed(record: RunRecord, { error, delayMs }: { error: unknown; delayMs: number }): void {
    const next = `attempt ${record.failures + 1} of ${this.#settings.attempts} in ${delayMs / 1000} s`;
    this.#log.warn(
      { ...this.#fields(record), code: codeOf(error) },
      `${this.#run(record)} failed: ${reasonOf(error)}; ${next}`,
    );
  }

  /** It is over, without success. */
  ended(record: RunRecord, reason: string, error?: unknown): void {
    this.#log.error({ ...this.#fields(record), code: codeOf(error) }, `${this.#run(record)} ${reason}`);
  }

  cannotRun(record: RunRecord, error: unknown): void {
    this.#log.error(
      { ...this.#fields(record), code: codeOf(error) },
      `${this.#run(record)} can't be run and waits: ${reasonOf(error)}`,
    );
  }

  /** A run that goes on for long is told once. */
  skipped(time: number, before: RunRecord, isFirst: boolean): void {
    this.#log[isFirst ? 'warn' : 'debug'](
      this.#fields({ scheduledAt: time }),
      `${this.#run({ scheduledAt: time })} is left out: that of ${this.#at(before.scheduledAt)} still runs`,
    );
  }

  queued(time: number, before: RunRecord): void {
    this.#log.debug(
      this.#fields({ scheduledAt: time }),
      `${this.#run({ scheduledAt: time })} waits for that of ${this.#at(before.scheduledAt)}`,
    );
  }

  /** Of one time or more, told with the last of them. */
  missed({ count, last }: { count: string; last: number }): void {
    const { invoke, missed } = this.#settings;
    const which =
      count === '1'
        ? `the time ${this.#at(last)} was missed`
        : `${count} times were missed, the last ${this.#at(last)}`;
    const what = missed === 'once' ? `one run of ${invoke} makes up for that` : 'left out';
    this.#log.info({ ...this.#fields({ scheduledAt: last }), missed: count }, `${which}: ${what}`);
  }

  /** A run had not ended when the runtime did. */
  cutOff(record: RunRecord): void {
    const what = this.#settings.missed === 'once' ? 'made up for' : 'left out';
    this.#log.warn(this.#fields(record), `${this.#run(record)} had not ended when the runtime did: ${what}`);
  }

  setBack(from: number, to: number): void {
    this.#log.warn(
      { from: iso(from), to: iso(to) },
      `the clock was set back from ${this.#at(from)} or later to ${this.#at(to)}: times in between come again`,
    );
  }

  /** A mistake in the trigger itself: the one case in which a stack helps. */
  broken(record: RunRecord, error: unknown): void {
    this.#log.error({ ...this.#fields(record), err: error }, `the trigger itself failed: ${reasonOf(error)}`);
  }

  #run({ scheduledAt }: Pick<RunRecord, 'scheduledAt'>): string {
    return `${this.#settings.invoke} of ${this.#at(scheduledAt)}`;
  }

  #fields({ scheduledAt }: Pick<RunRecord, 'scheduledAt'>) {
    return { function: this.#settings.invoke, scheduledAt: iso(scheduledAt) };
  }

  #at(time: number): string {
    const { timezone } = this.#settings;
    return `${this.#format.format(time)}${timezone === undefined ? '' : ` ${timezone}`}`;
  }
}

function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

function codeOf(error: unknown): string | undefined {
  return error instanceof PoolError ? error.code : undefined;
}
