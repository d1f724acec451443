import { InvocationRecord } from './record.ts';

/** Who waits for the invocations of a chunk. */
export interface ChunkReader {
  /** The next ones have succeeded with these. */
  succeeded(results: readonly unknown[]): void;
  /** Those that have not ended are on their way one by one from now on, each with a record of its own. */
  split(records: readonly InvocationRecord[]): void;
}

/**
 * Invocations of one function that travel together: short ones for the items of a map, of which nothing was asked that
 * holds for one alone. One record stands for all of them on their way, until one is not like the others: then
 * each gets its own.
 */
export class Chunk {
  readonly count: number;
  readonly #reader: ChunkReader;
  #settled = 0;

  constructor(count: number, reader: ChunkReader) {
    this.count = count;
    this.#reader = reader;
  }

  /** How many have ended: the first ones, as they run in their order. */
  get settled(): number {
    return this.#settled;
  }

  /** How many have not. */
  get left(): number {
    return this.count - this.#settled;
  }

  /** The next ones have succeeded with these. */
  succeed(results: readonly unknown[]): void {
    this.#settled += results.length;
    this.#reader.succeeded(results);
  }

  /** Makes a record of each that has not ended, out of the one that stands for all. */
  split(record: InvocationRecord): InvocationRecord[] {
    const { request, invocationId, functionName, submittedAt } = record;
    if (!request || typeof request.args !== 'string') return [];
    const items: unknown[] = JSON.parse(request.args);
    const records = items.slice(this.#settled).map((item, index) => {
      const own = new InvocationRecord(invocationId.plus(this.#settled + index), functionName);
      own.prepare({ ...request, args: JSON.stringify(item) });
      own.destination = record.destination;
      own.submittedAt = submittedAt;
      return own;
    });
    this.#settled = this.count;
    this.#reader.split(records);
    return records;
  }
}
