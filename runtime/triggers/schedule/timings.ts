/** Every duration of the trigger, in ms. */
export interface Timings {
  readonly longestNap: number;
  readonly punctual: number;
  readonly correction: number;
  readonly firstRetry: number;
  readonly longestRetry: number;
}

export const defaultTimings: Timings = {
  // A timer doesn't run while the machine sleeps, nor when its clock is set, nor for more than 24.8 days: the clock is
  // looked at this often, which takes a microsecond.
  longestNap: 10_000,
  // A time that is noticed later was missed: the machine slept. More than a nap and whatever holds up an event loop.
  punctual: 60_000,
  // A clock that is set back by less is put right, and no time comes twice. By more, it was wrong before: waiting for it
  // to be there again could take years. Cron itself draws the line here.
  correction: 3 * 3_600_000,
  // Attempts follow after 1 s, 4 s, 16 s, as those of `watch`.
  firstRetry: 1_000,
  longestRetry: 30_000,
};
