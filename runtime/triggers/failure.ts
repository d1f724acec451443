import {
  CancelledError,
  FunctionError,
  FunctionLoadError,
  FunctionNotFoundError,
  InvalidInputError,
  MemoryLimitError,
  PoolError,
  QueueFullError,
  RuntimeClosedError,
  SerializationError,
  TimeoutError,
  WorkerCrashedError,
} from '../errors/pool-errors.ts';

/**
 * What the rejection of an invocation means for what it was made for:
 * - `cancelled`: somebody wanted it to end;
 * - `busy`: the pool takes nothing for now, or nothing more;
 * - `noFunction`: there is no function to run, which a reload may change;
 * - `hopeless`: trying the same again gives the same;
 * - `interrupted`: the function was ended in the middle, an attempt;
 * - `failed`: the function threw, an attempt.
 */
export type FailureKind = 'cancelled' | 'busy' | 'noFunction' | 'hopeless' | 'interrupted' | 'failed';

/** Tells what kind of failure an invocation was rejected with. */
export function failureKindOf(error: unknown): FailureKind {
  for (const [kind, classes] of kinds) {
    if (classes.some((errorClass) => error instanceof errorClass)) return kind;
  }
  return 'failed';
}

const kinds = [
  ['cancelled', [CancelledError]],
  ['busy', [QueueFullError, RuntimeClosedError]],
  ['noFunction', [FunctionNotFoundError, FunctionLoadError]],
  ['hopeless', [InvalidInputError, SerializationError]],
  ['interrupted', [WorkerCrashedError, TimeoutError, MemoryLimitError]],
] as const;

/**
 * Whether what a function threw comes from a disk, or a share of one, that takes nothing more: trying the same again
 * helps once there is room.
 */
export function lacksRoom(error: unknown): boolean {
  if (!(error instanceof FunctionError)) return false;
  let cause = error.cause;
  for (let depth = 0; depth < deepestCause && cause instanceof Error; depth += 1) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    cause = cause.cause;
  }
  return false;
}

// Causes may go in a circle.
const deepestCause = 8;

/** An error in one line, without its stack. Of a function that threw, what it threw. */
export function reasonOf(error: unknown): string {
  const told = error instanceof FunctionError && error.cause instanceof Error ? error.cause : error;
  if (!(told instanceof Error)) return firstLine(String(told));
  const name = told instanceof PoolError || told.name === 'Error' ? '' : `${told.name}: `;
  return name + firstLine(told.message);
}

// Without the full stop, as it stands within a sentence.
function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]?.replace(/\.$/, '') || 'no reason was given';
}
