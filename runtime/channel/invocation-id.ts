/**
 * The ids of invocations are ULIDs (https://github.com/ulid/spec): 48 bits of time in ms, then 80 random bits, which
 * are counted up within one ms. Few are ever read, so that they are kept and sent as numbers, and their 26 characters
 * are made when somebody asks: making and sending the text took a tenth of the time of a short invocation.
 */
import { randomFillSync } from 'node:crypto';

/** The first 96 bits of an id, as signed 32-bit integers from the highest; one object for all ids of a moment. */
type Moment = readonly [number, number, number];

/**
 * What is used of a Buffer. By itself, as the types of the package lead here, and a user may have no types of Node.
 */
interface WordBuffer {
  writeInt32BE(word: number, offset: number): number;
  readInt32BE(offset: number): number;
}

/** One invocation's id. */
export class InvocationId {
  readonly #moment: Moment;
  /** The last 32 bits. */
  readonly #last: number;
  #text: string | undefined;

  constructor(moment: Moment, last: number) {
    this.#moment = moment;
    this.#last = last;
  }

  /** One of those that were made with it, by `newInvocationIds`. */
  plus(index: number): InvocationId {
    return index === 0 ? this : new InvocationId(this.#moment, this.#last + index);
  }

  /** As people see it: 26 characters, in the order of time. */
  get text(): string {
    this.#text ??= textOf(this.#moment, this.#last);
    return this.#text;
  }

  /** Writes its 16 bytes; returns where they end. */
  write(buffer: WordBuffer, start: number): number {
    let offset = start;
    for (const word of this.#moment) offset = buffer.writeInt32BE(word, offset);
    return buffer.writeInt32BE(this.#last, offset);
  }
}

/** How many bytes `write` writes. */
export const invocationIdBytes = 16;

/** Makes ids, each greater than the one before, also when the clock goes back. */
export function newInvocationId(): InvocationId {
  return newInvocationIds(1);
}

/** Makes so many, and returns the first; the others come from its `plus`. */
export function newInvocationIds(count: number): InvocationId {
  const now = Date.now();
  if (now > lastTime) {
    lastTime = now;
    randomFillSync(random);
    const time = now % 2 ** 16;
    const first = Math.floor(now / 2 ** 16) | 0;
    moment = [first, (time << 16) | ((random[0] as number) & 0xffff), random[1] as number];
    // Room to count up: no machine makes so many in one ms.
    counter = (random[2] as number) & 0x3fffffff;
  }
  const first = new InvocationId(moment, counter);
  counter += count;
  return first;
}

const random = new Int32Array(3);
let lastTime = Number.NEGATIVE_INFINITY;
let moment: Moment = [0, 0, 0];
let counter = 0;

/** Reads ids as `write` has written them. */
export class InvocationIdReader {
  #moment: Moment = [0, 0, 0];

  read(buffer: WordBuffer, start: number): InvocationId {
    const first = buffer.readInt32BE(start);
    const second = buffer.readInt32BE(start + 4);
    const third = buffer.readInt32BE(start + 8);
    const known = this.#moment;
    if (first !== known[0] || second !== known[1] || third !== known[2])
      this.#moment = [first, second, third];
    return new InvocationId(this.#moment, buffer.readInt32BE(start + 12));
  }
}

// Crockford's base 32.
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function textOf([first, second, third]: Moment, last: number): string {
  const time = (first >>> 0) * 2 ** 16 + (second >>> 16);
  const high = (second & 0xffff) * 2 ** 24 + (third >>> 8);
  const low = (third & 0xff) * 2 ** 32 + (last >>> 0);
  return inBase32(time, 10) + inBase32(high, 8) + inBase32(low, 8);
}

function inBase32(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = digits[rest % 32] + text;
  return text;
}
