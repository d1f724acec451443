import type { ConfigIssue } from '../errors/pool-errors.ts';
import type { Invocation, InvokeOptions } from '../invocation/invocation.ts';
import type { TriggerStore } from '../store/trigger-store.ts';
import type { Logger } from './logger.ts';
import type { FilesPlace, TriggerFiles } from './trigger-files.ts';

/** What a trigger is given when it starts: everything it may know of the runtime. */
export interface TriggerContext {
  /** Invokes a function like `runtime.invoke`; the priority is `low` unless it is given. */
  invoke(name: string, args?: unknown, options?: InvokeOptions): Invocation;
  /** A logger that names the trigger in each line. */
  readonly log: Logger;
  /** What the trigger keeps beyond a restart, and beyond a kill. Its own: no other trigger sees it. */
  readonly store: TriggerStore;
  /** Aborts when the runtime stops its triggers, before `stop` is called. */
  readonly signal: AbortSignal;
  /** The folder of the configuration file: relative paths are resolved against it. */
  readonly root: string;
  /** The most invocations the pool runs at once: a trigger keeps a backlog and hands in a few per worker. */
  readonly concurrency: number;
}

/**
 * Invokes functions when something happens. The built-in triggers use this contract and nothing else, so a
 * configuration can list its own objects of this shape.
 */
export interface Trigger {
  /** What kind it is, as in `watch`. */
  readonly kind: string;
  /** Names it among the triggers of one configuration; stable when others are added or moved. */
  readonly id: string;
  /** The functions it invokes: the runtime says at start when one of them doesn't exist. */
  readonly functions: readonly string[];
  /**
   * Mistakes in how it was made, with their paths below it (`path`, `match[1]`). They are reported with all others of the
   * configuration, and the trigger is never started.
   */
  readonly issues?: readonly ConfigIssue[];
  /** When it next invokes something, where it knows: for `runtime.triggers()` and `pool status`. */
  readonly nextAt?: Date | undefined;
  /**
   * Looks for what would keep it from starting, and changes nothing: it is called before any trigger is started. `root`
   * is that of the context.
   */
  check?(root: string): Promise<readonly ConfigIssue[]>;
  /** Resolves when nothing that happens from now on is missed. Rejecting fails the start of the runtime. */
  start(context: TriggerContext): Promise<void>;
  /** Stops taking up new work, cancels what it has queued, and resolves when what it had running has ended. */
  stop(): Promise<void>;
  /**
   * Only of a trigger that works on files: opens what it knows of them, for `runtime.files()`, `pool files` and `pool status`.
   * While the trigger is started that is what it works with; where it isn't, what its store holds.
   */
  openFiles?(place: FilesPlace): Promise<TriggerFiles>;
}
