import type { TriggerContext } from '../trigger.ts';
import { Alarm } from './alarm.ts';
import type { Clock } from './clock.ts';
import { Journal } from './journal.ts';
import { Ledger } from './ledger.ts';
import type { ScheduleSettings } from './options.ts';
import { missedBetween, recover } from './recovery.ts';
import { Runs } from './runs.ts';
import { timesOf } from './times.ts';
import type { Timings } from './timings.ts';

/** A started trigger, from `start` to `stop`. */
export interface Session {
  /** When it runs next, in ms since 1970; undefined when it stops. */
  readonly next: number | undefined;
  stop(): Promise<void>;
}

/** Takes up what the last runtime has left and begins to wait for the times of the schedule. */
export function startSession(
  settings: ScheduleSettings,
  trigger: TriggerContext,
  { clock, timings }: { clock: Clock; timings: Timings },
): Session {
  const times = timesOf(settings);
  const journal = new Journal(trigger.log, settings);
  const ledger = new Ledger(trigger.store, settings);
  const runs = new Runs({ trigger, settings, ledger, journal, clock, timings });
  const now = clock.now();
  const makeUp = recover({ ledger, times, settings, journal, now });
  const alarm = new Alarm({
    ...{ times, clock, timings, upTo: ledger.upTo ?? now },
    onTime({ upTo, last, isLate }) {
      ledger.upTo = last;
      const missed = missedBetween(times, upTo, isLate ? last : last - 1);
      if (missed) journal.missed(missed);
      const isMissed = missed !== undefined && settings.missed === 'once';
      if (isMissed || !isLate) runs.due({ scheduledAt: last, isMissed, failures: 0, cutOffs: 0 });
    },
    onSetBack(upTo, to) {
      ledger.upTo = to;
      journal.setBack(upTo, to);
    },
  });

  const halt = () => {
    alarm.stop();
    runs.halt();
  };
  trigger.signal.addEventListener('abort', halt, { once: true });
  if (trigger.signal.aborted) halt();
  else {
    if (makeUp) runs.due(makeUp);
    alarm.start();
    journal.scheduled(alarm.next);
  }

  return {
    get next() {
      return alarm.next;
    },
    async stop() {
      trigger.signal.removeEventListener('abort', halt);
      halt();
      await runs.stop();
    },
  };
}
