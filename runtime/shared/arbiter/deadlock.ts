import type { SharedFailure } from '../requests.ts';
import type { Asker } from './asker.ts';

/** A lock, as far as it matters for who waits for whom. */
export interface HeldThing {
  readonly name: string;
  readonly holder: Asker | undefined;
}

interface Link {
  readonly asker: Asker;
  readonly waitsFor: HeldThing;
}

/**
 * The cycle that is closed when this asker waits for this lock: each holds what the one before it waits for. One that
 * waits for itself is none: another flow of the same function may give the lock back.
 */
export function cycleOf(asker: Asker, lock: HeldThing): readonly Link[] | undefined {
  if (!asker.isOneFlow || lock.holder === asker) return undefined;
  return pathFrom(lock, asker, [{ asker, waitsFor: lock }], new Set());
}

function pathFrom(
  lock: HeldThing,
  to: Asker,
  path: readonly Link[],
  seen: Set<Asker>,
): readonly Link[] | undefined {
  const { holder } = lock;
  if (!holder?.isOneFlow || seen.has(holder)) return undefined;
  if (holder === to) return path;
  seen.add(holder);
  for (const waitsFor of holder.waitsFor as Set<HeldThing>) {
    const found = pathFrom(waitsFor, to, [...path, { asker: holder, waitsFor }], seen);
    if (found) return found;
  }
  return undefined;
}

export function deadlockError(cycle: readonly Link[]): SharedFailure {
  const steps = cycle.map(({ asker, waitsFor }) => ({
    waits: asker.label(),
    lock: waitsFor.name,
    holder: waitsFor.holder?.label() ?? '',
  }));
  const told = steps.map(({ waits, lock, holder }) => `${waits} waits for "${lock}", which ${holder} holds`);
  return {
    code: 'DEADLOCK',
    message: `This wait would never end: ${told.join('; ')}. Take locks in the same order everywhere.`,
    fields: { cycle: steps },
  };
}
