import { createRequire } from 'node:module';
import { didYouMean } from '../../options/did-you-mean.ts';
import { expected } from '../option-rules.ts';

/** The times of a cron pattern, each in ms since 1970. */
export interface Times {
  /** The first one after. */
  after(ms: number): number | undefined;
  /** The last one until then, itself included. */
  until(ms: number): number | undefined;
}

/** The times of a pattern that has no mistakes. */
export function timesOf({ cron, timezone }: { cron: string; timezone: string | undefined }): Times {
  const pattern = new (loadCroner().Cron)(cron, { mode, timezone });
  return {
    after: (ms) => pattern.nextRun(new Date(ms))?.getTime(),
    // Exactly at a time, croner gives the one before it.
    until: (ms) => pattern.previousRuns(1, new Date(ms + 1))[0]?.getTime(),
  };
}

/** What is wrong with a pattern, as messages. */
export function mistakesInCron(cron: string): string[] {
  const fields = cron.trim().split(/\s+/).length;
  // Croner takes a date too.
  if (!cron.trim().startsWith('@') && fields !== 5 && fields !== 6)
    return [`${expected(patternExpected, cron)}: it has ${fields} ${fields === 1 ? 'field' : 'fields'}`];
  try {
    const { Cron } = loadCroner();
    if (new Cron(cron, { mode }).nextRun()) return [];
    return [`${expected(patternExpected, cron)}: there is no such day`];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [`${expected(patternExpected, cron)}: ${reason.replace(/^CronPattern: /, '').replace(/\.$/, '')}`];
  }
}

/** What is wrong with the name of a time zone, as messages. */
export function mistakesInTimezone(timezone: string): string[] {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return [];
  } catch {
    const hint = didYouMean(timezone, Intl.supportedValuesOf('timeZone'));
    return [expected('the name of a time zone such as "Europe/Berlin"', timezone) + hint];
  }
}

// Without years: a configuration would have a mistake from one New Year's Day on.
const mode = '5-or-6-parts';

const patternExpected = 'a cron pattern of 5 fields such as "0 3 * * *", or 6 with seconds first';

// Loaded when it is needed, in one turn: it takes 5 ms, and a configuration is imported by whoever looks for its runtime.
function loadCroner(): typeof import('croner') {
  return createRequire(import.meta.url)('croner') as typeof import('croner');
}
