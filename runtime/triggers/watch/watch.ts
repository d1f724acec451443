import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ConfigIssue } from '../../errors/pool-errors.ts';
import { mistakenTrigger } from '../mistaken-trigger.ts';
import { OnlySession } from '../only-session.ts';
import type { FilesPlace, Trigger, TriggerContext, TriggerFiles } from '../trigger.ts';
import { checkOptions, readOptions, type WatchOptions, type WatchSettings } from './options.ts';
import type { Session } from './session.ts';
import { defaultTimings, type Timings } from './timings.ts';

export { complete } from './completeness/complete.ts';
export type { WatchOptions } from './options.ts';
export type { Completeness, CompletenessCheck, WatchedFile } from './watched-file.ts';

/**
 * A trigger that invokes a function for every file that lands in a folder, once for each content it lands with: when
 * the file is complete, however it got there (copied, renamed, moved in with a whole folder), and also when it was
 * there before the start.
 *
 * - A file that fails `attempts` times is set aside and logged with its reason; changing or touching it tries again.
 * - What a result lists as `outputs: [{ path }]` never triggers its own trigger.
 * - Links are followed only with `followSymlinks`.
 * - Where the file system doesn't report what others write, as on a network drive, it is polled.
 *
 * Mistakes in the options are reported by `createRuntime` and the commands, with all others of the configuration.
 *
 * @example
 * ```ts
 * import { defineConfig, watch } from 'warm-pool';
 *
 * export default defineConfig({
 *   triggers: [
 *     watch({ path: 'inbox', match: '*.{jpg,jpeg}', invoke: 'thumbnail', args: (file) => ({ src: file.path }) }),
 *   ],
 * });
 * ```
 */
export function watch(options: WatchOptions): Trigger {
  const issues = checkOptions(options);
  return issues.length > 0 ? mistakenTrigger('watch', issues) : new WatchTrigger(readOptions(options));
}

/** The trigger that `watch` makes. */
export class WatchTrigger implements Trigger {
  readonly kind = 'watch';
  readonly id: string;
  readonly functions: readonly string[];
  readonly #settings: WatchSettings;
  readonly #timings: Timings;
  readonly #session: OnlySession<Session>;

  constructor(settings: WatchSettings, timings: Timings = defaultTimings) {
    this.id = settings.id;
    this.functions = [settings.invoke];
    this.#settings = settings;
    this.#timings = timings;
    this.#session = new OnlySession(this.id);
  }

  async check(root: string): Promise<readonly ConfigIssue[]> {
    const { path } = this.#settings;
    const found = await stat(resolve(root, path)).catch((error: NodeJS.ErrnoException) => error.code);
    // What isn't there is made; what else may be wrong with it, the start says.
    if (found !== 'ENOTDIR' && (typeof found !== 'object' || found.isDirectory())) return [];
    const what = found === 'ENOTDIR' ? `a part of '${path}'` : `'${path}'`;
    return [{ path: 'path', message: `expected the path of a folder, but ${what} is a file` }];
  }

  start(context: TriggerContext): Promise<void> {
    return this.#session.open(() => this.#open(context));
  }

  stop(): Promise<void> {
    return this.#session.stop();
  }

  async openFiles({ root, store }: FilesPlace): Promise<TriggerFiles> {
    const { openFiles } = await import('./files.ts');
    const place = { folder: resolve(root, this.#settings.path), store };
    return openFiles(this.#settings, place, await this.#session.opened());
  }

  // A configuration is imported by workers too, which never start a trigger: the machinery is loaded when it is needed.
  async #open(context: TriggerContext): Promise<Session> {
    const { startSession } = await import('./session.ts');
    return startSession(this.#settings, context, this.#timings);
  }
}
