import type { ConfigIssue } from '../../errors/pool-errors.ts';
import { commonRules, findMistakes, isText, type OptionRules } from '../option-rules.ts';
import { mistakesInCron, mistakesInTimezone } from './times.ts';

/** A run of a schedule, as its `args` are told of it. */
export interface ScheduledRun {
  /** The time it is for, as the pattern has it: it may have begun later. */
  readonly scheduledAt: Date;
  /** Whether it makes up for times that were missed. */
  readonly isMissed: boolean;
}

/** Options of {@link schedule}. */
export interface ScheduleOptions {
  /**
   * When, as a cron pattern: minute, hour, day of the month, month, day of the week, and if wanted a field for seconds
   * before them. Or one of `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
   */
  cron: string;
  /** The name of the function to invoke. */
  invoke: string;
  /** The function's arguments, or a function that makes them: `({ scheduledAt }) => ({ day: scheduledAt })`. */
  args?: ((run: ScheduledRun) => unknown) | object | string | number | boolean | bigint | null;
  /** The time zone of the pattern, as in `'Europe/Berlin'` or `'UTC'`. Default: that of the system. */
  timezone?: string;
  /**
   * What becomes of times that came while nothing ran, or the machine slept, and of a run that was cut off: `'skip'`
   * leaves them out, `'once'` makes up for all of them by one run. Default: `'skip'`.
   */
  missed?: 'skip' | 'once';
  /**
   * What becomes of a time that comes while the run before it goes on: `'skip'` leaves it out, `'queue'` has one run
   * wait for the end of that, `'allow'` runs both. Default: `'skip'`.
   */
  overlap?: 'skip' | 'queue' | 'allow';
  /**
   * How often a run is tried, in place of the function's own `retry`; the waits are 1, 4 and 16 seconds, then 30 each.
   * Default: as the function says, which is once unless it has a `retry`.
   */
  attempts?: number;
  /** Names the trigger among those of one configuration. Default: the pattern and the function. */
  id?: string;
}

/** The options, checked and with their defaults. */
export interface ScheduleSettings {
  readonly cron: string;
  readonly timezone: string | undefined;
  readonly invoke: string;
  readonly args: (run: ScheduledRun) => unknown;
  readonly missed: 'skip' | 'once';
  readonly overlap: 'skip' | 'queue' | 'allow';
  /** Undefined: what the function says. */
  readonly attempts: number | undefined;
  readonly id: string;
}

/** The mistakes in the options that are found without a look at the calendar, by the names of the options. */
export function checkOptions(options: unknown): ConfigIssue[] {
  return findMistakes('schedule', rules, options);
}

/** Those in the pattern and the time zone. It takes some ms, for croner and for the time zones. */
export function checkTimes(options: Partial<Record<'cron' | 'timezone', unknown>>): ConfigIssue[] {
  const { cron, timezone } = options;
  return [
    ...(isText(cron) ? mistakesInCron(cron) : []).map((message) => ({ path: 'cron', message })),
    ...(isText(timezone) ? mistakesInTimezone(timezone) : []).map((message) => ({
      path: 'timezone',
      message,
    })),
  ];
}

/** Fills in the defaults of options that have no mistakes. */
export function readOptions(options: ScheduleOptions): ScheduleSettings {
  const { cron, timezone, invoke, args, missed, overlap, attempts, id } = options;
  const pattern = cron.trim().replace(/\s+/g, ' ');
  return {
    cron: pattern,
    timezone,
    invoke,
    args: typeof args === 'function' ? (args as (run: ScheduledRun) => unknown) : () => args,
    missed: missed ?? 'skip',
    overlap: overlap ?? 'skip',
    attempts,
    id: id ?? `${pattern}${timezone === undefined ? '' : ` ${timezone}`}:${invoke}`,
  };
}

const oneOf =
  (...values: string[]) =>
  (value: unknown) =>
    values.includes(value as string);

const rules: OptionRules<ScheduleOptions> = {
  cron: { required: true, expected: 'a cron pattern such as "0 3 * * *"', accepts: isText },
  invoke: commonRules.invoke,
  args: { expected: 'the arguments of the function', accepts: () => true },
  timezone: { expected: 'the name of a time zone such as "Europe/Berlin"', accepts: isText },
  missed: { expected: '"skip" or "once"', accepts: oneOf('skip', 'once') },
  overlap: { expected: '"skip", "queue" or "allow"', accepts: oneOf('skip', 'queue', 'allow') },
  attempts: commonRules.attempts,
  id: commonRules.id,
};
