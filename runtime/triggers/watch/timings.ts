/** Every duration of the trigger, in ms. One object, so that tests run the same machine with shorter waits. */
export interface Timings {
  readonly firstLookAgain: number;
  readonly settle: number;
  readonly patience: number;
  readonly rest: number;
  readonly youngAge: number;
  readonly firstRetry: number;
  readonly longestRetry: number;
  readonly roomRetry: number;
  readonly firstPause: number;
  readonly longestPause: number;
  readonly freshness: number;
  readonly doubt: number;
  readonly sweep: number;
  readonly poll: number;
  readonly longestPoll: number;
  readonly rescanGap: number;
  readonly absence: number;
  readonly rewatch: number;
  readonly forgetGone: number;
}

export const defaultTimings: Timings = {
  // Looks at a partial file follow after 25, 50, 100 … ms.
  firstLookAgain: 25,
  // A kernel copy of a photo writes every few ms: two looks 25 ms apart that agree are the end of most copies.
  settle: 25,
  // A writer that pauses for 2 s has usually died; longer would only delay files that end early for good.
  patience: 2_000,
  // Between two looks at one file, however many events it sends: a copy in 4 KB writes sends one for each.
  rest: 5,
  // A failure on a younger file that its format did not vouch for is taken for a writer that is not done yet.
  youngAge: 10_000,
  // Attempts follow after 1 s, 4 s, 16 s: a broken file is reported in 5 s, a restarting service is waited for.
  // What can't be looked at is looked at again after 1 s, 2 s, 4 s …
  firstRetry: 1_000,
  longestRetry: 30_000,
  // Somebody who makes room on a disk looks whether it has helped within a few seconds.
  roomRetry: 4_000,
  // While the function can't be run at all, one file probes for it; a fix is picked up within 5 s.
  firstPause: 250,
  longestPause: 5_000,
  // A file that waited longer in the backlog is looked at once more before it is handed in (0.1 ms).
  freshness: 100,
  // Before the first result, what may be an output and may as well have landed is held back this long. Functions write
  // their outputs last: few take longer from there to their result, and those only until they are known.
  doubt: 1_000,
  // Names are compared with the receipts this often, in case an event was lost without a trace.
  sweep: 60_000,
  // Where nobody reports what happens, people wait for it: a second is what they take for at once.
  poll: 1_000,
  // What takes longer than 7 s to be looked at has waited, for the network or for a busy processor. It costs less than it
  // seems, and a minute is what people wait for without polling.
  longestPoll: 60_000,
  // At most one re-reading of all folders in this time, however long a burst of events lasts, and one of a folder for
  // names that are not UTF-8.
  rescanGap: 1_000,
  // While the watched folder is missing, how often its return is looked for: one stat each time.
  absence: 250,
  // Before a folder whose watcher failed is watched again.
  rewatch: 1_000,
  // How long a file that is gone is known: folders are moved out and back, disks are unplugged overnight.
  forgetGone: 24 * 3_600_000,
};
