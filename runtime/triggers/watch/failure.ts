import {
  CancelledError,
  FunctionLoadError,
  FunctionNotFoundError,
  InvalidInputError,
  MemoryLimitError,
  QueueFullError,
  RuntimeClosedError,
  SerializationError,
  TimeoutError,
  WorkerCrashedError,
} from '../../invocation/errors.ts';

/**
 * What the rejection of an invocation means for its file:
 * - `cancelled`: it ended because somebody wanted it to;
 * - `busy`: the pool takes no more for now;
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
  ['cancelled', [CancelledError, RuntimeClosedError]],
  ['busy', [QueueFullError]],
  ['noFunction', [FunctionNotFoundError, FunctionLoadError]],
  ['hopeless', [InvalidInputError, SerializationError]],
  ['interrupted', [WorkerCrashedError, TimeoutError, MemoryLimitError]],
] as const;

/** An error in one line, without its stack. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split('\n', 1)[0]?.trim() || 'no reason was given';
}
