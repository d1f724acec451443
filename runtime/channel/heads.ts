/**
 * The heads of frames. Most messages are rare and have JSON; the two that each invocation needs have fields at fixed
 * places, little endian, which takes a tenth of the time:
 *
 *     run        u32 run, u32 function, u16 attempt, u8 flags, f64 timeout in ms, 26 bytes id, then the cwd, UTF-8
 *     succeeded  u32 run, f64 duration in ms, f64 memory in MB, f64 bytes of stdout, f64 bytes of stderr
 *
 * Flags of `run`: 1 handed ahead, 2 the cwd is the one of the run before.
 */
import type { FromWorker, ToWorker } from './messages.ts';

/** What a channel carries: of most messages it only needs to know that they are objects. */
export interface Message {
  readonly type: string;
}

type Run = Extract<ToWorker, { type: 'run' }>;
type Succeeded = Extract<FromWorker, { type: 'succeeded' }>;

export const headKinds = { json: 0, run: 1, succeeded: 2 } as const;

const idBytes = 26;
const runBytes = 4 + 4 + 2 + 1 + 8 + idBytes;
const succeededBytes = 4 + 4 * 8;
const flags = { ahead: 1, sameCwd: 2 } as const;

/** Writes heads; it remembers the last cwd, which seldom changes. */
export class HeadWriter {
  #cwd: string | undefined;
  #json = '';

  /** The kind of head that this message gets. To be followed by `room` and `write`. */
  kindOf(message: Message): number {
    if (message.type === 'run' && (message as Run).invocationId?.length === idBytes) return headKinds.run;
    if (message.type === 'succeeded') return headKinds.succeeded;
    this.#json = JSON.stringify(message);
    return headKinds.json;
  }

  /** As many bytes as the head can need. */
  room(kind: number, message: Message): number {
    if (kind === headKinds.run) return runBytes + 3 * (message as Run).cwd.length;
    return kind === headKinds.succeeded ? succeededBytes : 3 * this.#json.length;
  }

  /** Returns where the head ends. */
  write(kind: number, message: Message, buffer: Buffer, start: number): number {
    if (kind === headKinds.run) return this.#writeRun(message as Run, buffer, start);
    if (kind === headKinds.succeeded) return writeSucceeded(message as Succeeded, buffer, start);
    return start + buffer.write(this.#json, start, 'utf8');
  }

  #writeRun(message: Run, buffer: Buffer, start: number): number {
    const { run, functionIndex, attempt, isAhead, timeoutMs, invocationId, cwd } = message;
    const isSameCwd = cwd === this.#cwd;
    this.#cwd = cwd;
    let offset = buffer.writeUInt32LE(run, start);
    offset = buffer.writeUInt32LE(functionIndex, offset);
    offset = buffer.writeUInt16LE(attempt, offset);
    offset = buffer.writeUInt8((isAhead ? flags.ahead : 0) | (isSameCwd ? flags.sameCwd : 0), offset);
    offset = buffer.writeDoubleLE(timeoutMs, offset);
    offset += buffer.write(invocationId, offset, 'latin1');
    return isSameCwd ? offset : offset + buffer.write(cwd, offset, 'utf8');
  }
}

function writeSucceeded(message: Succeeded, buffer: Buffer, start: number): number {
  let offset = buffer.writeUInt32LE(message.run, start);
  offset = buffer.writeDoubleLE(message.durationMs, offset);
  offset = buffer.writeDoubleLE(message.memoryMB, offset);
  offset = buffer.writeDoubleLE(message.output[0], offset);
  return buffer.writeDoubleLE(message.output[1], offset);
}

/** Reads what a HeadWriter has written, in the same order. */
export class HeadReader {
  #cwd = '';

  /** @throws Error when the bytes are no such head */
  read(kind: number, buffer: Buffer, start: number, end: number): Message {
    if (kind === headKinds.run) return this.#readRun(buffer, start, end);
    if (kind === headKinds.succeeded) return readSucceeded(buffer, start, end);
    return JSON.parse(buffer.toString('utf8', start, end)) as Message;
  }

  #readRun(buffer: Buffer, start: number, end: number): Run {
    if (end - start < runBytes) throw new Error('expected a whole run');
    const flagBits = buffer.readUInt8(start + 10);
    const cwdStart = start + runBytes;
    if ((flagBits & flags.sameCwd) === 0) this.#cwd = buffer.toString('utf8', cwdStart, end);
    return {
      type: 'run',
      run: buffer.readUInt32LE(start),
      functionIndex: buffer.readUInt32LE(start + 4),
      attempt: buffer.readUInt16LE(start + 8),
      isAhead: (flagBits & flags.ahead) !== 0,
      timeoutMs: buffer.readDoubleLE(start + 11),
      invocationId: buffer.toString('latin1', start + 19, cwdStart),
      cwd: this.#cwd,
    };
  }
}

function readSucceeded(buffer: Buffer, start: number, end: number): Succeeded {
  if (end - start !== succeededBytes) throw new Error('expected a whole end of a run');
  return {
    type: 'succeeded',
    run: buffer.readUInt32LE(start),
    durationMs: buffer.readDoubleLE(start + 4),
    memoryMB: buffer.readDoubleLE(start + 12),
    output: [buffer.readDoubleLE(start + 20), buffer.readDoubleLE(start + 28)],
  };
}
