import { mistakesIn } from '../../config/issues.ts';
import type { ConfigIssue } from '../../errors/pool-errors.ts';
import { mistakenTrigger } from '../mistaken-trigger.ts';
import { OnlySession } from '../only-session.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { type Clock, systemClock } from './clock.ts';
import {
  checkOptions,
  checkTimes,
  readOptions,
  type ScheduleOptions,
  type ScheduleSettings,
} from './options.ts';
import type { Session } from './session.ts';
import { defaultTimings, type Timings } from './timings.ts';

export type { ScheduledRun, ScheduleOptions } from './options.ts';

/**
 * A trigger that invokes a function at the times of a cron pattern.
 *
 * - A time that comes while the run before it goes on is left out, unless `overlap` says otherwise.
 * - Times that came while nothing ran are left out, unless `missed` is `'once'`.
 * - Where the clock changes for summer: a pattern with one time of day runs once a day, at the first time there is when
 *   its own is skipped; others follow the clock. Those are croner's rules.
 *
 * Mistakes in the options are reported by `createRuntime` and the commands, with all others of the configuration.
 *
 * @example
 * ```ts
 * import { defineConfig, schedule } from 'warm-pool';
 *
 * export default defineConfig({
 *   triggers: [schedule({ cron: '0 3 * * *', invoke: 'cleanup', args: ({ scheduledAt }) => ({ before: scheduledAt }) })],
 * });
 * ```
 */
export function schedule(options: ScheduleOptions): Trigger {
  const issues = checkOptions(options);
  if (issues.length > 0) return mistakenTrigger('schedule', [...issues, ...checkTimes(options ?? {})]);
  return new ScheduleTrigger(readOptions(options));
}

/** The trigger that `schedule` makes. */
export class ScheduleTrigger implements Trigger {
  readonly kind = 'schedule';
  readonly id: string;
  readonly functions: readonly string[];
  readonly #settings: ScheduleSettings;
  readonly #clock: Clock;
  readonly #timings: Timings;
  readonly #session: OnlySession<Session>;
  #issues: readonly ConfigIssue[] | undefined;

  constructor(
    settings: ScheduleSettings,
    { clock = systemClock, timings = defaultTimings }: { clock?: Clock; timings?: Timings } = {},
  ) {
    this.id = settings.id;
    this.functions = [settings.invoke];
    this.#settings = settings;
    this.#clock = clock;
    this.#timings = timings;
    this.#session = new OnlySession(this.id);
  }

  // Read by a runtime that takes up the configuration, and not by those that only look something up in it.
  get issues(): readonly ConfigIssue[] {
    this.#issues ??= checkTimes(this.#settings);
    return this.#issues;
  }

  get nextAt(): Date | undefined {
    const next = this.#session.current?.next;
    return next === undefined ? undefined : new Date(next);
  }

  start(context: TriggerContext): Promise<void> {
    return this.#session.open(() => this.#open(context));
  }

  stop(): Promise<void> {
    return this.#session.stop();
  }

  // A configuration is imported by workers too, which never start a trigger: the machinery is loaded when it is needed.
  async #open(context: TriggerContext): Promise<Session> {
    if (this.issues.length > 0) throw mistakesIn('the options of `schedule`', this.issues);
    const { startSession } = await import('./session.ts');
    return startSession(this.#settings, context, { clock: this.#clock, timings: this.#timings });
  }
}
