/** How often something was done, and in which time. */
export interface Rate {
  readonly times: number;
  readonly ms: number;
}

// Of whoever maps memory once a number of messages has been sent (ours, after 160): several times as many. The slowest
// are through with them in some seconds.
const firstTimes = 1_000;
// Beyond what should just do: a run that falls short of the window has to be made again.
const reserve = 1.3;
const steepest = 10;

/**
 * Runs work for more and more times, until it was at it for `warmUpMs` and then for `windowMs` in one go, which is the rate.
 * Those who work together make the same number of operations each: a window of time would leave out who is slow.
 */
export async function rateOf(
  run: (times: number) => Promise<number>,
  { warmUpMs, windowMs }: { readonly warmUpMs: number; readonly windowMs: number },
): Promise<Rate> {
  let warmedMs = 0;
  for (let times = firstTimes; ; ) {
    const ms = await run(times);
    if (warmedMs >= warmUpMs && ms >= windowMs) return { times, ms };
    warmedMs += ms;
    const factor = Math.min(steepest, (reserve * windowMs) / ms);
    times = Math.max(times, Math.ceil(times * factor));
  }
}
