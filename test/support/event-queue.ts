import fs from 'node:fs';
import type { Cleanup } from './project.ts';

/** For node:test's `skip`: says why so many events at once don't overflow the system's queue of them, if they don't. */
export function skippedUnlessOverflown(events: number): string | false {
  if (process.platform !== 'linux') return 'only Linux is known to have a queue of events that overflows';
  const limit = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  return events <= limit && `the queue of events holds ${limit} here, and no more than ${events} are caused`;
}

/**
 * Counts what is reported of a folder to this process, whose watchers share one queue. Two events for each new file are
 * caused; what is missing was lost.
 */
export class EventCount {
  events = 0;

  constructor(test: Cleanup, folder: string) {
    const watcher = fs.watch(folder).on('change', () => {
      this.events += 1;
    });
    test.after(() => watcher.close());
  }
}
