import { inspect } from 'node:util';
import { decodeValue, type EncodedValue } from '../channel/codec.ts';
import type { FailureKind } from '../channel/messages.ts';
import {
  CancelledError,
  FunctionError,
  FunctionLoadError,
  type InputIssue,
  InvalidInputError,
  MemoryLimitError,
  type PoolError,
  SerializationError,
  TimeoutError,
  WorkerCrashedError,
} from '../errors/pool-errors.ts';
import { textOf } from './text.ts';

/** How a worker process ended. */
export interface WorkerExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last lines it wrote to stderr. */
  readonly stderr: readonly string[];
}

/** How an invocation ended, as the pool tells it. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly body: EncodedValue | undefined }
  | {
      readonly kind: 'failed';
      readonly failure: FailureKind;
      readonly body: EncodedValue | undefined;
      readonly path?: string | undefined;
    }
  | { readonly kind: 'timedOut'; readonly timeoutMs: number }
  | { readonly kind: 'cancelled'; readonly reason: unknown }
  | { readonly kind: 'crashed'; readonly exit: WorkerExit }
  /** Its worker was ended for the memory that it used. */
  | { readonly kind: 'outOfMemory'; readonly usedMB: number; readonly limitMB: number }
  /** It could not even be tried: the queue was full, no worker starts, the runtime is closed. */
  | { readonly kind: 'refused'; readonly error: Error };

/** How it ended when it did not succeed. */
export type Failure = Exclude<Outcome, { kind: 'succeeded' }>;

/** The error that the caller of an invocation sees. */
export function errorOf(outcome: Failure, functionName: string, invocationId: string): Error {
  const place = { functionName, invocationId };
  try {
    return describe(outcome, place);
  } catch (error) {
    // What a user threw or gave as a reason may throw when it is looked at; the caller has to be told all the same.
    const message = `Function "${functionName}" failed, and what it failed with can't be shown: ${textOf(error)}`;
    return new FunctionError(message, { ...place, cause: error });
  }
}

function describe(outcome: Failure, place: Place): Error {
  const { functionName } = place;
  switch (outcome.kind) {
    case 'failed':
      return failureError(outcome, place);
    case 'timedOut': {
      const { timeoutMs } = outcome;
      return new TimeoutError(`Function "${functionName}" ran longer than its timeout of ${timeoutMs} ms.`, {
        ...place,
        timeoutMs,
      });
    }
    case 'cancelled': {
      const why = reasonText(outcome.reason);
      const message = `The invocation of "${functionName}" was cancelled${why === '' ? '.' : `: ${why}`}`;
      return new CancelledError(message, { ...place, cause: outcome.reason });
    }
    case 'crashed': {
      const { exit } = outcome;
      const message = `The worker that ran "${functionName}" ${describeExit(exit)}.${lastWords(exit)}`;
      return new WorkerCrashedError(message, { ...place, ...exit });
    }
    case 'outOfMemory': {
      const { usedMB: memoryMB, limitMB } = outcome;
      const figures = `${memoryMB} MB, its limit is ${limitMB} MB`;
      const advice = 'Raise `memory` of the function or `maxMemory` of its pool, if it needs that much.';
      const message = `The worker that ran "${functionName}" was ended for its memory: ${figures}. ${advice}`;
      return new MemoryLimitError(message, { ...place, memoryMB, limitMB });
    }
    case 'refused':
      return outcome.error;
  }
}

/** The error of a result that came and can't be decoded. */
export function unreadableResult(
  error: unknown,
  functionName: string,
  invocationId: string,
): SerializationError {
  const why = error instanceof Error ? error.message : String(error);
  return new SerializationError(`The result of "${functionName}" could not be read: ${why}`, {
    functionName,
    invocationId,
    path: 'result',
  });
}

/** As in `exited with code 3` or `was killed by SIGKILL`; with neither there never was a process. */
export function describeExit({ exitCode, signal }: WorkerExit): string {
  if (exitCode === null && signal === null) return 'could not be started';
  return signal === null ? `exited with code ${exitCode}` : `was killed by ${signal}`;
}

/** The line of stderr that says most, to end an error message with. */
export function lastWords({ stderr }: WorkerExit): string {
  // An uncaught error prints its source line and a caret first, and the stack and Node's version after its message.
  const line =
    stderr.findLast((each) => /^(\w*Error|Uncaught|FATAL)/.test(each.trim())) ??
    stderr.findLast((each) => each.trim() !== '');
  return line === undefined ? '' : ` Its last words: ${line.trim()}`;
}

type Place = { functionName: string; invocationId: string };

function failureError(
  { failure, body, path }: Extract<Outcome, { kind: 'failed' }>,
  place: Place,
): PoolError {
  let detail: unknown;
  try {
    detail = body === undefined ? undefined : decodeValue(body);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `"${place.functionName}" failed with an error that could not be read: ${why}`;
    return new SerializationError(message, { ...place, path: 'error' });
  }
  const text = detail instanceof Error ? describeError(detail) : messageOf(detail);
  const { functionName } = place;
  switch (failure) {
    case 'threw':
      return new FunctionError(`Function "${functionName}" failed: ${text}`, { ...place, cause: detail });
    case 'notLoaded':
      return new FunctionLoadError(`Function "${functionName}" could not be loaded: ${text}`, {
        ...place,
        cause: detail,
      });
    case 'invalidInput': {
      const issues = Array.isArray(detail) ? detail.filter(isIssue) : [];
      const list = issues.map(describeIssue).join('; ');
      return new InvalidInputError(`The arguments of "${functionName}" are not valid: ${list}`, {
        ...place,
        issues,
      });
    }
    case 'unserializable': {
      const what = path?.startsWith('part[') ? 'A part' : 'The result';
      return new SerializationError(
        `${what} of "${functionName}" can't be sent: ${path ?? 'result'}: ${messageOf(detail)}`,
        {
          ...place,
          path: path ?? 'result',
        },
      );
    }
    case 'undecodable':
      return new SerializationError(`The arguments of "${functionName}" could not be read: ${text}`, {
        ...place,
        path: 'args',
      });
  }
}

function isIssue(value: unknown): value is InputIssue {
  const { path, message } = (value ?? {}) as Partial<InputIssue>;
  return Array.isArray(path) && typeof message === 'string';
}

function describeIssue({ path, message }: InputIssue): string {
  const where = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return where === '' ? message : `${where.replace(/^\./, '')}: ${message}`;
}

function describeError(error: Error): string {
  const { name, message } = error;
  const inside = describeInside(error);
  const text = [message, inside].filter((each) => each !== '').join(': ');
  if (text === '') return `it threw ${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name} that has no message`;
  // The name says something only where it is more than Error itself.
  return name === 'Error' ? text : `${name}: ${text}`;
}

/** What an AggregateError has inside says why; its own message often is empty. */
function describeInside(error: Error): string {
  const { errors } = error as { errors?: unknown };
  if (!Array.isArray(errors) || !errors.every((each) => each instanceof Error)) return '';
  const shown = errors.slice(0, mostShown).map(({ name, message }) => {
    return [name === 'Error' ? '' : name, message].filter((each) => each !== '').join(': ') || name;
  });
  const more = errors.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

// Two addresses tried in vain are the usual case; a hundred of them are no sentence.
const mostShown = 5;

function messageOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null)
    return `it threw ${typeof thrown === 'string' ? JSON.stringify(thrown) : textOf(thrown)}`;
  if ('message' in thrown) return textOf(thrown.message);
  return `it threw ${inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY })}`;
}

function reasonText(reason: unknown): string {
  if (reason instanceof Error) return textOf(reason.message);
  return reason === undefined ? '' : textOf(reason);
}
