/// <reference lib="esnext.disposable" preserve="true" />
import type { BarrierOptions, SharedBarrier } from './client/barrier.ts';
import type { ConditionOptions, SharedCondition } from './client/condition.ts';
import type { SharedEvent } from './client/event.ts';
import type { LockOptions, SharedLock } from './client/lock.ts';
import type { SharedMap } from './client/map.ts';
import type { QueueOptions, SharedQueue } from './client/queue.ts';
import type { SemaphoreOptions, SharedSemaphore } from './client/semaphore.ts';

/**
 * What workers and the program share, by name: `ctx.shared` in a function and `runtime.shared` in the program mean the same
 * things. All of it is in memory, for as long as the runtime lives. What an invocation holds when it ends, or its worker is
 * killed, is given back, and the next holder is told.
 */
export interface Shared {
  /**
   * Had by one at a time: Python's `Lock` and, with `reentrant`, `RLock`, for which the program needs a session.
   * @throws TypeError for `reentrant` without one
   */
  lock(name: string, options?: LockOptions): SharedLock;
  /** Had by so many at a time: `BoundedSemaphore` and, with `bounded: false`, `Semaphore`. */
  semaphore(name: string, options?: SemaphoreOptions): SharedSemaphore;
  /** Set or not: `Event`. */
  event(name: string): SharedEvent;
  /** A lock, and waiting for what it guards to change: `Condition`. */
  condition(name: string, options?: ConditionOptions): SharedCondition;
  /** Where so many wait for each other: `Barrier`. */
  barrier(name: string, options: BarrierOptions): SharedBarrier;
  /** Items in line: `Queue` and, with `take` and `join`, `JoinableQueue`. */
  queue<Item = unknown>(name: string, options?: QueueOptions): SharedQueue<Item>;
  /** Values by keys: a manager's `dict`, and `Value` with `increment`. */
  map<Value = unknown>(name: string): SharedMap<Value>;
}

/** What the program shares with its workers. */
export interface ProgramShared extends Shared {
  /**
   * The same for one flow of work of the program, which does one thing after another: a lock with `reentrant` can be had again
   * by it, a deadlock with others is told, and what it holds is given back when it is disposed of. `label` names it in errors.
   */
  session(label?: string): SharedSession;
}

/** One flow of work of the program. */
export interface SharedSession extends Shared, Disposable, AsyncDisposable {
  /** Gives back what it holds, as abandoned, and ends what it waits for. */
  end(): void;
}
