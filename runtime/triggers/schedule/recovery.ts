import type { Journal } from './journal.ts';
import type { Ledger, RunRecord } from './ledger.ts';
import type { ScheduleSettings } from './options.ts';
import type { Times } from './times.ts';

interface RecoveryContext {
  readonly ledger: Ledger;
  readonly times: Times;
  readonly settings: ScheduleSettings;
  readonly journal: Journal;
  readonly now: number;
}

/**
 * Accounts for what came while nothing ran, and for the runs that the last runtime has not brought to their end.
 *
 * @returns the one run that makes up for all of that, if one is to
 */
export function recover({ ledger, times, settings, journal, now }: RecoveryContext): RunRecord | undefined {
  const unfinished = ledger.unfinished();
  const missed = missedBetween(times, ledger.upTo ?? now, now);
  ledger.upTo = missed?.last ?? ledger.upTo ?? now;
  if (missed) journal.missed(missed);
  for (const { record } of unfinished) {
    journal.cutOff(record);
    if (settings.missed === 'skip') ledger.ended(record, { outcome: 'failed', reason: 'was cut off' });
    else ledger.forget(record);
  }
  const latest = unfinished.at(-1)?.record;
  if (settings.missed === 'skip' || !(missed || latest)) return undefined;

  const cutOffs = Math.max(
    0,
    ...unfinished.map(({ record, state }) => record.cutOffs + (state === 'running' ? 1 : 0)),
  );
  if (latest && cutOffs > mostCutOffs) {
    const reason = `was cut off ${cutOffs} times in a row and is given up`;
    ledger.ended(latest, { outcome: 'failed', reason });
    journal.ended(latest, reason);
    return undefined;
  }
  if (missed) return { scheduledAt: missed.last, isMissed: true, failures: 0, cutOffs };
  return latest && { ...latest, isMissed: true, cutOffs };
}

/** The times after `from` until `to`. */
export function missedBetween(
  times: Times,
  from: number,
  to: number,
): { count: string; last: number } | undefined {
  const last = times.until(to);
  if (last === undefined || last <= from) return undefined;
  let count = 0;
  for (let time = times.after(from); time !== undefined && time <= last; time = times.after(time)) {
    count += 1;
    if (count > mostCounted) return { count: `more than ${mostCounted}`, last };
  }
  return { count: String(count), last };
}

// A function that takes the whole machine down would do so at each start.
const mostCutOffs = 3;

// 0.2 ms each.
const mostCounted = 100;
