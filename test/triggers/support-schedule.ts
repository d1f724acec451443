import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../runtime/triggers/schedule/clock.ts';
import type { ScheduledRun, ScheduleOptions } from '../../runtime/triggers/schedule/options.ts';
import { readOptions } from '../../runtime/triggers/schedule/options.ts';
import { ScheduleTrigger } from '../../runtime/triggers/schedule/schedule.ts';
import type { Cleanup } from '../support/project.ts';
import { type Call, type Handler, TestPool } from './support-pool.ts';

/** A clock in the hands of the test. Its timers are as those of Node: too early for what they can't hold. */
export class TestClock implements Clock {
  #ahead: number;
  #elapsed = 0;
  readonly #wakes = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(now: string) {
    this.#ahead = Date.parse(now);
  }

  now(): number {
    return this.#ahead + this.#elapsed;
  }

  wake(callback: () => void, ms: number): () => void {
    const delay = ms > 2 ** 31 - 1 ? 1 : Math.max(ms, 1);
    const wake = { at: this.#elapsed + delay, callback };
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  /** How many timers run. */
  get timers(): number {
    return this.#wakes.size;
  }

  /** Lets time go by until the clock shows this. */
  goTo(time: string): void {
    this.pass(Date.parse(time) - this.now());
  }

  /** Lets so many ms go by. */
  pass(ms: number): void {
    const end = this.#elapsed + ms;
    for (;;) {
      const [first] = [...this.#wakes].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!first) break;
      this.#wakes.delete(first);
      this.#elapsed = first.at;
      first.callback();
    }
    this.#elapsed = end;
  }

  /** The clock shows this at once, and no timer has noticed: the machine slept, or somebody has set it. */
  jumpTo(time: string): void {
    this.#ahead = Date.parse(time) - this.#elapsed;
  }
}

export interface ScheduleSetup {
  /** Options of the trigger, beyond a function whose argument is the ScheduledRun. */
  readonly options?: Partial<ScheduleOptions>;
  /** What the clock shows at the start. */
  readonly now: string;
  readonly concurrency?: number;
  readonly handler?: Handler;
  /** Called with the pool before the trigger starts. */
  readonly prepare?: (pool: TestPool) => void;
  /** A trigger that ran before on the same store: it has been stopped, or is taken to have been killed just now. */
  readonly after?: Schedule;
}

/** A started schedule, with a clock and a pool in the hands of the test; stopped and removed with it. */
export class Schedule {
  readonly pool: TestPool;
  readonly clock: TestClock;
  readonly trigger: ScheduleTrigger;

  private constructor(root: string, { options, now, concurrency, handler, after }: ScheduleSetup) {
    const database = after ? after.pool.leaveDatabase() : 'pool.db';
    this.pool = new TestPool({ root, database, concurrency, handler });
    this.clock = new TestClock(now);
    const given = { cron: '0 3 * * *', timezone: 'UTC', invoke: 'work', args: (run: ScheduledRun) => run };
    this.trigger = new ScheduleTrigger(readOptions({ ...given, ...options }), { clock: this.clock });
  }

  static async start(test: Cleanup, setup: ScheduleSetup): Promise<Schedule> {
    const root = setup.after?.pool.root ?? realpathSync(mkdtempSync(join(tmpdir(), 'warm-pool-schedule-')));
    const schedule = new Schedule(root, setup);
    test.after(async () => {
      schedule.pool.handler = undefined;
      for (const call of schedule.pool.calls) call.succeed();
      await schedule.trigger.stop();
      schedule.pool.store.close();
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    });
    setup.prepare?.(schedule.pool);
    await schedule.trigger.start(schedule.pool.context);
    return schedule;
  }

  /** The next run, which has to be for this time. */
  async next(time: string): Promise<Call> {
    const call = await this.pool.next(`the run of ${time}`);
    const found = timeOf(call);
    if (Date.parse(found) !== Date.parse(time))
      throw new Error(`expected the run of ${time}, got that of ${found}`);
    return call;
  }

  /** Lets time go by, and everything be done that it brings, half an hour after another. */
  async goThrough(to: string): Promise<void> {
    for (const end = Date.parse(to); this.clock.now() < end; ) {
      this.clock.pass(Math.min(1_800_000, end - this.clock.now()));
      await this.settled();
    }
  }

  /** The times of all runs so far. */
  get times(): string[] {
    return this.pool.calls.map(timeOf);
  }

  /** Resolves when what has been decided so far has been done. */
  async settled(): Promise<void> {
    await this.pool.kept();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The time that a run is for: as `2025-01-02T03:00:00.000Z`. */
export function timeOf({ args }: Call): string {
  return (args as ScheduledRun).scheduledAt.toISOString();
}
