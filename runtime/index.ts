/**
 * warm-pool: functions from a folder, run in warm worker processes.
 *
 * Importing this is light: a function's module imports it in every worker. What a runtime needs is loaded when one is
 * created.
 */
import type { CreateRuntimeOptions, Runtime } from './types.ts';

export { type Config, defineConfig, type PoolConfig } from './config/define.ts';
export type { Logger, LogLevel, LogMethod } from './config/logger.ts';
export * from './errors/pool-errors.ts';
export type { DroppedEvents, RuntimeEvent } from './figures/events.ts';
export type { ExitReason } from './figures/exit-reason.ts';
export type { FunctionFigures, FunctionStats } from './figures/function-figures.ts';
export type { DurationStats } from './figures/histogram.ts';
export type { PoolStats } from './figures/pool-recorder.ts';
export { defineFunction, type FunctionConfig, type FunctionDefinition } from './functions/define.ts';
export type { FunctionInfo } from './functions/registry.ts';
export type { StandardSchema } from './functions/standard-schema.ts';
export type { RunOptions } from './inline/run.ts';
export type {
  Invocation,
  InvocationReport,
  InvocationStatus,
  InvokeOptions,
  Priority,
} from './invocation/invocation.ts';
export type { MapOptions, MapResults } from './invocation/map.ts';
export type { RetryCode, RetryOptions, RetrySettings } from './invocation/retry.ts';
export type { SpawnedFunction, SpawnedStatus, SpawnOptions } from './invocation/spawned-function.ts';
export type { InvocationStream } from './invocation/stream.ts';
export type { BarrierOptions, SharedBarrier } from './shared/client/barrier.ts';
export type { ConditionOptions, HeldCondition, SharedCondition } from './shared/client/condition.ts';
export type { SharedEvent } from './shared/client/event.ts';
export type { HeldLock, LockOptions, SharedLock } from './shared/client/lock.ts';
export type { SharedMap } from './shared/client/map.ts';
export type { Delivery, QueueOptions, SharedQueue } from './shared/client/queue.ts';
export type { Permit, SemaphoreOptions, SharedSemaphore } from './shared/client/semaphore.ts';
export type { WaitOptions } from './shared/client/wait.ts';
export type { ProgramShared, Shared, SharedSession } from './shared/shared.ts';
export type { FileInfo } from './triggers/files.ts';
export type { FileRetry } from './triggers/retry-files.ts';
export { type ScheduledRun, type ScheduleOptions, schedule } from './triggers/schedule/schedule.ts';
export type {
  EntryPlace,
  FileReceipt,
  FilesPlace,
  ReceiptState,
  Trigger,
  TriggerContext,
  TriggerFiles,
  TriggerStore,
} from './triggers/trigger.ts';
export {
  type Completeness,
  type CompletenessCheck,
  complete,
  type WatchedFile,
  type WatchOptions,
  watch,
} from './triggers/watch/watch.ts';
export type {
  CreateRuntimeOptions,
  EventOptions,
  FilesOptions,
  Runtime,
  RuntimeStats,
  TriggerInfo,
  WorkerStats,
} from './types.ts';
export type { CallOptions, ContextLog, FunctionContext } from './worker/context.ts';

/**
 * Creates a runtime: finds the configuration, starts the workers and has them load the functions. It resolves when
 * the `min` workers of each pool are warm.
 *
 * ```ts
 * import { createRuntime } from 'warm-pool';
 *
 * const runtime = await createRuntime({ config: { functions: './functions', pool: { max: 2 } } });
 * try {
 *   console.log(await runtime.invoke('resize', { src: 'a.jpg' }));
 * } finally {
 *   await runtime.close();
 * }
 * ```
 *
 * @throws ConfigError with every mistake in the configuration, or in these options
 * @throws WorkerCrashedError when no worker starts
 */
export async function createRuntime(options?: CreateRuntimeOptions): Promise<Runtime> {
  const { createRuntime: create } = await import('./create.ts');
  return create(options);
}
