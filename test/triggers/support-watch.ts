import { mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readOptions, type WatchOptions } from '../../runtime/triggers/watch/options.ts';
import { defaultTimings, type Timings } from '../../runtime/triggers/watch/timings.ts';
import { WatchTrigger } from '../../runtime/triggers/watch/watch.ts';
import type { WatchedFile } from '../../runtime/triggers/watch/watched-file.ts';
import type { Cleanup } from '../support/project.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { type Call, type Handler, TestPool } from './support-pool.ts';

export interface WatchSetup {
  /** Options of the trigger, beyond the inbox and a function whose argument is the WatchedFile. */
  readonly options?: Partial<WatchOptions>;
  /** Waits that the test needs shorter (or, for what must not happen, longer) than they are. */
  readonly timings?: Partial<Timings>;
  readonly concurrency?: number;
  readonly handler?: Handler;
  /** Called with the inbox before the trigger starts. */
  readonly prepare?: (inbox: string) => void;
  /** A trigger on the same folders that ran before: it has been stopped, or is taken to have been killed just now. */
  readonly after?: Watch;
}

/** A started trigger on an inbox in a temporary folder; stopped and removed with the test. */
export class Watch {
  readonly root: string;
  readonly inbox: string;
  readonly pool: TestPool;
  readonly trigger: WatchTrigger;

  private constructor(root: string, { options, timings, concurrency, handler, after }: WatchSetup) {
    this.root = root;
    this.inbox = join(root, 'inbox');
    const database = after ? after.pool.leaveDatabase() : 'pool.db';
    this.pool = new TestPool({
      root,
      database,
      ...(concurrency && { concurrency }),
      ...(handler && { handler }),
    });
    const settings = readOptions({
      path: 'inbox',
      invoke: 'work',
      args: (file: WatchedFile) => file,
      ...options,
    });
    this.trigger = new WatchTrigger(settings, { ...defaultTimings, ...timings });
  }

  static async start(test: Cleanup, setup: WatchSetup = {}): Promise<Watch> {
    const watch = Watch.prepare(test, setup);
    setup.prepare?.(watch.inbox);
    await watch.trigger.start(watch.pool.context);
    return watch;
  }

  /** The same, not started. */
  static prepare(test: Cleanup, setup: WatchSetup = {}): Watch {
    const root = setup.after?.root ?? realpathSync(mkdtempSync(join(tmpdir(), 'warm-pool-watch-')));
    const watch = new Watch(root, setup);
    test.after(async () => {
      watch.pool.handler = () => undefined;
      for (const call of watch.pool.calls) call.succeed();
      await watch.trigger.stop();
      watch.pool.store.close();
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    });
    return watch;
  }

  path(...parts: string[]): string {
    return join(this.inbox, ...parts);
  }

  /** Lands a file as a careful program does: written elsewhere, then renamed into place. */
  land(name: string, content: Buffer = makeJpeg()): void {
    const draft = join(this.root, 'draft');
    writeFileSync(draft, content);
    renameSync(draft, this.path(name));
  }
}

/** The path below the inbox that an invocation is for. */
export function fileOf(call: Call): string {
  return (call.args as WatchedFile).relativePath;
}

/** The paths of all invocations so far, in order. */
export function filesOf(pool: TestPool): string[] {
  return pool.calls.map(fileOf);
}

/** Waits until files that land later have been handed in, one after another; returns all that were, but for those. */
export async function filesBefore(watch: Watch, last: string): Promise<string[]> {
  for (const name of [`${last} 1.jpg`, `${last} 2.jpg`, `${last} 3.jpg`]) {
    watch.land(name);
    await until(`${name} is handed in`, () => filesOf(watch.pool).includes(name));
  }
  return filesOf(watch.pool).filter((name) => !name.startsWith(last));
}

/** Writes an output of a function as the thumbnail function does: to a hidden file, then renamed. */
export function publish(path: string, content: Buffer = makeJpeg()): void {
  const draft = join(dirname(path), '.draft');
  writeFileSync(draft, content);
  renameSync(draft, path);
}
