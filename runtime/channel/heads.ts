/**
 * The heads of frames. Most messages are rare and have JSON; those that each invocation or each part needs have fields at fixed
 * places, little endian, which takes a tenth of the time, and leave out what is the same as in the one before:
 *
 *     run        u32 run, 16 bytes id, u8 flags; then with the flag `several`: u32 count; then unless the flag `same` is set:
 *                u32 function, u16 attempt, f64 timeout in ms, cwd in UTF-8
 *     succeeded  u32 run, f64 duration in ms, u32 memory in MB; then unless it is the same:
 *                f64 bytes of stdout, f64 bytes of stderr
 *     part       u32 run, u8 flags
 */
import { InvocationIdReader, invocationIdBytes } from './invocation-id.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** What a channel carries: of most messages it only needs to know that they are objects. */
export interface Message {
  readonly type: string;
}

type Run = Extract<ToWorker, { type: 'run' }>;
type Succeeded = Extract<FromWorker, { type: 'succeeded' }>;
type Part = Extract<FromWorker, { type: 'part' }>;

export const headKinds = { json: 0, run: 1, succeeded: 2, part: 3 } as const;

const sameRunBytes = 4 + invocationIdBytes + 1;
const runBytes = sameRunBytes + 4 + 2 + 8;
const sameSucceededBytes = 4 + 8 + 4;
export const succeededBytes = sameSucceededBytes + 2 * 8;
export const partBytes = 4 + 1;
const countBytes = 4;
const flags = { ahead: 1, same: 2, stream: 4, several: 8 } as const;
const partFlags = { waited: 1 } as const;

/** What every head begins with that is JSON: a message names its type first. */
export const jsonBegin = Buffer.from('{"type":"');

/** Writes heads, in the order in which a HeadReader will read them. */
export class HeadWriter {
  /** The fields of the last run that seldom change. */
  #functionIndex = -1;
  #attempt = 0;
  #timeoutMs = 0;
  #cwd = '';
  #stdout = -1;
  #stderr = -1;
  #json = '';

  /** The kind of head that this message gets. To be followed by `room` and `write`. */
  kindOf(message: Message): number {
    if (message.type === 'run') return headKinds.run;
    if (message.type === 'succeeded') return headKinds.succeeded;
    if (message.type === 'part') return headKinds.part;
    this.#json = JSON.stringify(message);
    return headKinds.json;
  }

  /** As many bytes as the head can need. */
  room(kind: number, message: Message): number {
    if (kind === headKinds.run) return runBytes + countBytes + 3 * (message as Run).cwd.length;
    if (kind === headKinds.succeeded) return succeededBytes;
    return kind === headKinds.part ? partBytes : 3 * this.#json.length;
  }

  /** Returns where the head ends. */
  write(kind: number, message: Message, buffer: Buffer, start: number): number {
    if (kind === headKinds.run) return this.#writeRun(message as Run, buffer, start);
    if (kind === headKinds.succeeded) return this.#writeSucceeded(message as Succeeded, buffer, start);
    if (kind === headKinds.part) return writePart(message as Part, buffer, start);
    return start + buffer.write(this.#json, start, 'utf8');
  }

  #writeRun(message: Run, buffer: Buffer, start: number): number {
    const { count, functionIndex, attempt, timeoutMs, cwd } = message;
    const isSame =
      functionIndex === this.#functionIndex &&
      attempt === this.#attempt &&
      timeoutMs === this.#timeoutMs &&
      cwd === this.#cwd;
    let offset = message.invocationId.write(buffer, buffer.writeUInt32LE(message.run, start));
    const flagBits =
      (message.isAhead ? flags.ahead : 0) |
      (isSame ? flags.same : 0) |
      (message.isStream ? flags.stream : 0) |
      (count > 1 ? flags.several : 0);
    offset = buffer.writeUInt8(flagBits, offset);
    if (count > 1) offset = buffer.writeUInt32LE(count, offset);
    if (isSame) return offset;
    this.#functionIndex = functionIndex;
    this.#attempt = attempt;
    this.#timeoutMs = timeoutMs;
    this.#cwd = cwd;
    offset = buffer.writeUInt32LE(functionIndex, offset);
    offset = buffer.writeUInt16LE(attempt, offset);
    offset = buffer.writeDoubleLE(timeoutMs, offset);
    return offset + buffer.write(cwd, offset, 'utf8');
  }

  #writeSucceeded({ run, durationMs, memoryMB, output }: Succeeded, buffer: Buffer, start: number): number {
    let offset = buffer.writeUInt32LE(run, start);
    offset = buffer.writeDoubleLE(durationMs, offset);
    offset = buffer.writeUInt32LE(memoryMB, offset);
    if (output[0] === this.#stdout && output[1] === this.#stderr) return offset;
    [this.#stdout, this.#stderr] = output;
    return buffer.writeDoubleLE(output[1], buffer.writeDoubleLE(output[0], offset));
  }
}

/** Reads what a HeadWriter has written, in the same order. */
export class HeadReader {
  readonly #ids = new InvocationIdReader();
  #functionIndex = 0;
  #attempt = 0;
  #timeoutMs = 0;
  #cwd = '';
  #output: Succeeded['output'] = [0, 0];

  /** @throws Error when the bytes are no such head */
  read(kind: number, buffer: Buffer, start: number, end: number): Message {
    if (kind === headKinds.run) return this.#readRun(buffer, start, end);
    if (kind === headKinds.succeeded) return this.#readSucceeded(buffer, start, end);
    if (kind === headKinds.part) return readPart(buffer, start, end);
    return JSON.parse(buffer.toString('utf8', start, end)) as Message;
  }

  #readRun(buffer: Buffer, start: number, end: number): Run {
    if (end - start < sameRunBytes) throw new Error('expected a whole run');
    const flagBits = buffer.readUInt8(start + sameRunBytes - 1);
    const isOne = (flagBits & flags.several) === 0;
    const settings = start + sameRunBytes + (isOne ? 0 : countBytes);
    if (settings > end) throw new Error('expected a whole run');
    if ((flagBits & flags.same) === 0) this.#readSettings(buffer, settings, end);
    return {
      type: 'run',
      run: buffer.readUInt32LE(start),
      count: isOne ? 1 : buffer.readUInt32LE(start + sameRunBytes),
      functionIndex: this.#functionIndex,
      invocationId: this.#ids.read(buffer, start + 4),
      attempt: this.#attempt,
      isAhead: (flagBits & flags.ahead) !== 0,
      isStream: (flagBits & flags.stream) !== 0,
      timeoutMs: this.#timeoutMs,
      cwd: this.#cwd,
    };
  }

  #readSettings(buffer: Buffer, start: number, end: number): void {
    if (end - start < runBytes - sameRunBytes) throw new Error('expected the settings of a run');
    this.#functionIndex = buffer.readUInt32LE(start);
    this.#attempt = buffer.readUInt16LE(start + 4);
    this.#timeoutMs = buffer.readDoubleLE(start + 6);
    this.#cwd = buffer.toString('utf8', start + 14, end);
  }

  #readSucceeded(buffer: Buffer, start: number, end: number): Succeeded {
    const length = end - start;
    if (length !== succeededBytes && length !== sameSucceededBytes) {
      throw new Error('expected a whole end of a run');
    }
    if (length === succeededBytes) {
      this.#output = [buffer.readDoubleLE(start + 16), buffer.readDoubleLE(start + 24)];
    }
    return {
      type: 'succeeded',
      run: buffer.readUInt32LE(start),
      durationMs: buffer.readDoubleLE(start + 4),
      memoryMB: buffer.readUInt32LE(start + 12),
      output: this.#output,
    };
  }
}

function writePart({ run, hasWaited }: Part, buffer: Buffer, start: number): number {
  return buffer.writeUInt8(hasWaited ? partFlags.waited : 0, buffer.writeUInt32LE(run, start));
}

function readPart(buffer: Buffer, start: number, end: number): Part {
  if (end - start !== partBytes) throw new Error('expected the whole head of a part');
  const run = buffer.readUInt32LE(start);
  return { type: 'part', run, hasWaited: (buffer.readUInt8(start + 4) & partFlags.waited) !== 0 };
}
