import { decodeValue, type EncodedValue } from './codec.ts';
import { FrameError } from './frame-format.ts';
import { levelNames } from './levels.ts';
import type { FailureKind, FromWorker, FunctionDescriptor } from './messages.ts';
import { sizeOfPart } from './part-limits.ts';

/**
 * What comes from a worker is looked at before it is believed: a function can write to every file of its process, the
 * connection included, and whatever it writes there is to end its worker and not the program.
 */
export function isFromWorker(message: FromWorker): boolean {
  const check = Object.hasOwn(checks, message.type) ? checks[message.type] : undefined;
  return check?.(message as unknown as Fields) ?? false;
}

/** @throws FrameError when there is none, or none that can be read */
export function readBody(body: EncodedValue | undefined): unknown {
  if (body === undefined) throw new FrameError('expected a message with a body');
  try {
    return decodeValue(body);
  } catch (cause) {
    throw new FrameError('expected a body that can be read', { cause });
  }
}

/** The body of `part`, with its size. @throws FrameError */
export function readPart(body: EncodedValue | undefined): { readonly value: unknown; readonly size: number } {
  return { value: readBody(body), size: body === undefined ? 0 : sizeOfPart(body) };
}

/** The body of `results`: the list of so many. @throws FrameError */
export function readResults(body: EncodedValue | undefined, count: number): readonly unknown[] {
  // Not one with holes, which would be forgotten where it is added to another one.
  if (body === undefined) return Array.from({ length: count }, () => undefined);
  const results = readBody(body);
  if (Array.isArray(results) && results.length === count) return results;
  throw new FrameError(`expected a list of ${count} results`);
}

/** The body of `ready`. @throws FrameError */
export function readDescriptors(body: EncodedValue | undefined): FunctionDescriptor[] {
  const descriptors = readBody(body);
  if (Array.isArray(descriptors) && descriptors.every(isDescriptor)) return descriptors;
  throw new FrameError('expected the functions that were loaded');
}

type Fields = Readonly<Record<string, unknown>>;

const checks: Readonly<Record<FromWorker['type'], (fields: Fields) => boolean>> = {
  ready: ({ loadMs, memoryMB }) => isAmount(loadMs) && isAmount(memoryMB),
  part: ({ run, hasWaited }) => isAmount(run) && typeof hasWaited === 'boolean',
  succeeded: isEnd,
  results: (fields) => isEnd(fields) && isAmount(fields.count),
  failed: (fields) => isEnd(fields) && failureKinds.has(fields.kind) && isTextOrNone(fields.path),
  left: ({ run }) => isAmount(run),
  output: ({ stream }) => stream === 'stdout' || stream === 'stderr',
  progress: ({ run }) => isAmount(run),
  call: ({ run, call, name, options }) =>
    isAmount(run) && isAmount(call) && typeof name === 'string' && isRecord(options),
  cancelCall: ({ call }) => isAmount(call),
  shared: ({ id, request }) => isAmount(id) && isRecord(request),
  message: () => true,
  messagesRead: ({ count }) => isAmount(count),
  log: ({ run, level, message }) => isAmount(run) && levels.has(level) && isTextOrNone(message),
};

const levels: ReadonlySet<unknown> = new Set(levelNames);
const kinds: Readonly<Record<FailureKind, true>> = {
  threw: true,
  invalidInput: true,
  notLoaded: true,
  unserializable: true,
  undecodable: true,
};
const failureKinds: ReadonlySet<unknown> = new Set(Object.keys(kinds));

function isEnd({ run, durationMs, memoryMB, output }: Fields): boolean {
  return (
    isAmount(run) &&
    isAmount(durationMs) &&
    isAmount(memoryMB) &&
    Array.isArray(output) &&
    output.length === 2 &&
    output.every(isAmount)
  );
}

function isDescriptor(value: unknown): boolean {
  if (!isRecord(value) || typeof value.name !== 'string') return false;
  if (value.state === 'ready') return typeof value.version === 'string' && isRecord(value.config);
  return value.state === 'failed' && isRecord(value.error) && typeof value.error.message === 'string';
}

/** A number from 0, and not NaN. */
function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
