import type { SharedFailure } from '../requests.ts';
import type { Asker } from './asker.ts';

/** A lock, as far as it matters for who waits for whom. */
export interface HeldThing {
  readonly name: string;
  readonly holder: Asker | undefined;
}

/** A wait for a lock. */
export interface LockWait {
  readonly asker: Asker;
  readonly id: number;
  readonly lock: HeldThing;
  /** Whether it ends by itself, as it has a timeout or a signal. */
  readonly mayEnd: boolean;
  /** Whether who waits so counts on having it, whatever happens. */
  readonly isDue: boolean;
  fail(failure: SharedFailure): void;
}

/** Waits of which each is for what the next one's asker holds, and the last one for what the first one's does. */
export function cycleOf(wait: LockWait): readonly LockWait[] | undefined {
  return pathTo(wait.asker, wait, [], new Set());
}

/**
 * Whether those who wait in a cycle can only go on by each other. What each waits for is held by one of them, all of which
 * do nothing but wait; so that of an invocation that waits in two places the one may not give back what the other holds.
 * Undefined when somebody else may make one of them go on; else all of them.
 */
export function closedGroupOf(first: Asker): ReadonlySet<Asker> | undefined {
  const group = new Set([first]);
  // What is added while it goes on is come to as well.
  for (const asker of group) {
    if (!asker.stillness.canBeKnown || asker.waits.size === 0) return undefined;
    for (const wait of asker.waits.values()) {
      const holder = wait.lock?.holder;
      if (!holder || wait.mayEnd) return undefined;
      group.add(holder);
    }
  }
  return group;
}

export function deadlockError(cycle: readonly LockWait[]): SharedFailure {
  const steps = cycle.map(({ asker, lock }) => ({
    waits: asker.label(),
    lock: lock.name,
    holder: lock.holder?.label() ?? '',
  }));
  const told = steps.map(({ waits, lock, holder }) => `${waits} waits for "${lock}", which ${holder} holds`);
  const advice =
    cycle.length === 1
      ? 'Use `reentrant: true` where who has a lock has it again.'
      : 'Take locks in the same order everywhere.';
  return {
    code: 'DEADLOCK',
    message: `This wait would never end: ${told.join('; ')}. ${advice}`,
    fields: { cycle: steps },
  };
}

function pathTo(
  asker: Asker,
  wait: LockWait,
  before: readonly LockWait[],
  seen: Set<Asker>,
): readonly LockWait[] | undefined {
  const { holder } = wait.lock;
  if (!holder || wait.mayEnd || seen.has(holder)) return undefined;
  const path = [...before, wait];
  // One flow that waits for what it holds itself is not one flow.
  if (holder === asker) return path.length > 1 || asker.stillness.hasManyFlows ? path : undefined;
  seen.add(holder);
  for (const next of holder.waits.values()) {
    const found = isLockWait(next) && pathTo(asker, next, path, seen);
    if (found) return found;
  }
  return undefined;
}

function isLockWait(wait: { readonly lock?: HeldThing | undefined }): wait is LockWait {
  return wait.lock !== undefined;
}
