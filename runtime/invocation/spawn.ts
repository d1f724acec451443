import { newInvocationId } from '../channel/invocation-id.ts';
import { checkNamesOfSpawn } from './options.ts';
import { type Destination, InvocationRecord } from './record.ts';
import { Spawned, type SpawnedListener, type SpawnedWorker } from './spawned.ts';
import type { SpawnOptions } from './spawned-function.ts';
import { submitRecord } from './submit.ts';

/** A worker that is to be started for one spawned function alone; `submit` starts it. */
export type SpawnDestination = Destination & SpawnedWorker;

/**
 * Starts a function in the worker that `route` makes for it; an error from there rejects `done`. Never throws: what is wrong with
 * the arguments or the options rejects it too.
 */
export function spawn(
  name: string,
  args: unknown,
  options: SpawnOptions,
  route: (record: InvocationRecord, listener: SpawnedListener) => SpawnDestination | Error,
): Spawned {
  const record = new InvocationRecord(newInvocationId(), name);
  const spawned = new Spawned(record);
  const call = { args, options: withTimeout(options), checkNames: () => checkNamesOfSpawn(options) };
  submitRecord(record, call, (each) => {
    const destination = route(each, spawned);
    if (!(destination instanceof Error)) spawned.runIn(destination);
    return destination;
  });
  // Refused, or cancelled before: nothing was started that could tell its end.
  if (!record.isAccepted) spawned.onEnd(record.status === 'cancelled');
  return spawned;
}

/** Without one the function's own would hold, which is for invocations. */
function withTimeout(options: SpawnOptions | null): SpawnOptions {
  return options?.timeout === undefined ? { ...options, timeout: Number.POSITIVE_INFINITY } : options;
}
