import type { Arena } from '../channel/arena.ts';
import { type EncodedValue, encodeValue, letGo } from '../channel/codec.ts';
import { newInvocationId, newInvocationIds } from '../channel/invocation-id.ts';
import { UnserializableError } from '../channel/structured.ts';
import { SerializationError } from '../errors/pool-errors.ts';
import { expectedText } from '../options/expected.ts';
import type { Chunk } from './chunk.ts';
import { Invocation, type InvokeOptions } from './invocation.ts';
import { checkDepth } from './nesting.ts';
import { checkNamesOfCall, checkNamesOfInvoke, checkNamesOfStream, readRequest } from './options.ts';
import { type Destination, InvocationRecord } from './record.ts';
import { InvocationStream } from './stream.ts';

/**
 * Makes an invocation and sends it where `route` says; an error from there rejects it. Never throws: what is wrong
 * with the arguments or the options rejects it too.
 */
export function submit(
  name: string,
  args: unknown,
  options: InvokeOptions,
  route: (record: InvocationRecord) => Destination | Error,
): Invocation {
  return submitInvocation(new InvocationRecord(newInvocationId(), name), args, options, route);
}

/** The same for a record that is there. */
export function submitInvocation(
  record: InvocationRecord,
  args: unknown,
  options: InvokeOptions,
  route: (record: InvocationRecord) => Destination | Error,
): Invocation {
  const invocation = new Invocation(record);
  submitRecord(record, { args, options, checkNames: checkNamesOfInvoke }, route);
  return invocation;
}

/** Sends several that travel together; `args` is the JSON of the list of their arguments. */
export function submitChunk(
  chunk: Chunk,
  call: { name: string; args: string; options: InvokeOptions },
  route: (record: InvocationRecord) => Destination | Error,
): InvocationRecord {
  const record = new InvocationRecord(newInvocationIds(chunk.count), call.name);
  record.chunk = chunk;
  record.prepare(readRequest(call.args, call.options));
  const destination = route(record);
  if (destination instanceof Error) {
    record.end({ kind: 'refused', error: destination });
  } else {
    record.destination = destination;
    destination.submit(record);
  }
  return record;
}

/** The same for one whose result is read part by part. What is wrong is told to the reader. */
export function submitStream(
  name: string,
  args: unknown,
  options: InvokeOptions,
  route: (record: InvocationRecord) => Destination | Error,
): InvocationStream {
  const record = new InvocationRecord(newInvocationId(), name);
  const stream = new InvocationStream(record);
  submitRecord(record, { args, options, checkNames: checkNamesOfStream }, route);
  return stream;
}

/** Sends a record to where `route` says. `checkNames` throws when these are no options of the call. */
export function submitRecord(
  record: InvocationRecord,
  call: { args: unknown; options: InvokeOptions; checkNames: (options: unknown) => void },
  route: (record: InvocationRecord) => Destination | Error,
): void {
  const { args, options } = call;
  try {
    call.checkNames(options);
    const { signal } = options;
    checkName(record.functionName);
    const destination = route(record);
    if (destination instanceof Error) throw destination;
    const encoded = encodeArgs(args, record, options.transfer, destination.arena);
    try {
      record.prepare(readRequest(encoded, options));
    } catch (error) {
      letGo(encoded);
      throw error;
    }
    record.destination = destination;
    if (signal?.aborted) record.end({ kind: 'cancelled', reason: signal.reason });
    else {
      if (signal) cancelOnAbort(record, signal);
      destination.submit(record);
    }
  } catch (error) {
    record.end({ kind: 'refused', error: error as Error });
  }
}

/**
 * The same for an invocation that a function makes: its record is there, and the arguments came as they will be sent. It
 * inherits from the one that makes it.
 */
export function submitNested(
  record: InvocationRecord,
  call: { args: EncodedValue; options: InvokeOptions },
  route: (record: InvocationRecord) => Destination | Error,
): void {
  try {
    checkNamesOfCall(call.options);
    checkName(record.functionName);
    checkDepth(record);
    const { cwd, priority } = record.nesting?.parent.request ?? {};
    record.prepare(readRequest(call.args, { cwd, priority, ...call.options }));
    const destination = route(record);
    if (destination instanceof Error) throw destination;
    record.destination = destination;
    destination.submit(record);
  } catch (error) {
    record.end({ kind: 'refused', error: error as Error });
  }
}

function checkName(name: unknown): void {
  if (typeof name !== 'string') throw new TypeError(expectedText('the name of a function', name));
}

function encodeArgs(
  args: unknown,
  record: InvocationRecord,
  transfer: readonly ArrayBuffer[] | undefined,
  arena: Arena | undefined,
): EncodedValue {
  if (transfer !== undefined) checkTransfer(transfer);
  try {
    return encodeValue(args, 'args', { transfer, arena });
  } catch (error) {
    if (error instanceof DOMException) {
      throw new TypeError(`expected buffers in the \`transfer\` option that can be moved: ${error.message}`);
    }
    if (!(error instanceof UnserializableError)) throw error;
    const { path, message } = error;
    const { title: functionName, id: invocationId } = record;
    throw new SerializationError(`The arguments of "${functionName}" can't be sent: ${path}: ${message}.`, {
      functionName,
      invocationId,
      path,
    });
  }
}

function checkTransfer(transfer: unknown): void {
  if (!Array.isArray(transfer) || !transfer.every((each) => each instanceof ArrayBuffer)) {
    throw new TypeError(expectedText('the `transfer` option to be a list of ArrayBuffers', transfer));
  }
  for (const [index, buffer] of transfer.entries()) {
    if (transfer.indexOf(buffer) !== index) fail(index, 'it stands in the list twice');
    if (isDetached(buffer)) fail(index, 'it is detached already');
  }

  function fail(index: number, why: string): never {
    throw new TypeError(`expected buffers that can be moved, but of \`transfer[${index}]\` ${why}`);
  }
}

function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** What is to be cancelled by each signal. One listener serves all, as Node warns of more than ten. */
const bySignal = new WeakMap<AbortSignal, Set<InvocationRecord>>();

function cancelOnAbort(record: InvocationRecord, signal: AbortSignal): void {
  const records = bySignal.get(signal) ?? listen(signal);
  records.add(record);
  record.whenEnded(() => {
    records.delete(record);
    if (records.size > 0 || bySignal.get(signal) !== records) return;
    bySignal.delete(signal);
    signal.removeEventListener('abort', cancelAll);
  });
}

function listen(signal: AbortSignal): Set<InvocationRecord> {
  const records = new Set<InvocationRecord>();
  bySignal.set(signal, records);
  signal.addEventListener('abort', cancelAll, { once: true });
  return records;
}

function cancelAll({ target }: Event): void {
  const signal = target as AbortSignal;
  for (const record of bySignal.get(signal) ?? []) record.cancel(signal.reason);
}
