import type { Writable } from 'node:stream';
import type { Channel } from '../channel/channel.ts';
import { encodeValue } from '../channel/codec.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import type { OutputCount } from './output.ts';

type StreamName = 'stdout' | 'stderr';

interface Chunk {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding;
}

/**
 * What functions print in a thread. Node itself would keep all but the first write until the thread's event loop turns,
 * and lose it with a thread that never gets there: here each write is posted before it returns, on the channel, behind
 * everything that came before it. So a result never overtakes it, and there is nothing to count.
 */
export class PostedOutput implements OutputCount {
  readonly written = [0, 0] as const;
  readonly #channel: Channel<FromWorker, ToWorker>;
  /** How many bytes the runtime has read, modulo 2^32. */
  readonly #read: Int32Array;
  #posted = 0;

  constructor(channel: Channel<FromWorker, ToWorker>, read: SharedArrayBuffer) {
    this.#channel = channel;
    this.#read = new Int32Array(read);
    for (const name of ['stdout', 'stderr'] as const) {
      const stream: Writable = process[name];
      stream._writev = (chunks, callback) => {
        for (const { chunk, encoding } of chunks as Chunk[]) this.#post(name, toBuffer(chunk, encoding));
        callback();
      };
      // Node's own way is at its end: as long as it is open, whoever reads the other end holds the program up.
      stream._final(() => {});
    }
  }

  #post(stream: StreamName, bytes: Buffer): void {
    this.#waitForReader();
    this.#channel.tell({ type: 'output', stream }, encodeValue(bytes));
    this.#posted += bytes.length;
  }

  // As a full pipe holds up a process that prints faster than it is read: or the queue would fill the memory.
  #waitForReader(): void {
    for (;;) {
      const read = Atomics.load(this.#read, 0);
      if ((this.#posted - read) >>> 0 <= mostUnread) return;
      if (Atomics.wait(this.#read, 0, read, longestWaitMs) === 'timed-out') return;
    }
  }
}

/** Some hundreds of ordinary lines, or one that is very long. */
const mostUnread = 256 * 1024;

/** A runtime whose own thread is blocked for longer reads later: the function should not stand still as long. */
const longestWaitMs = 1_000;

function toBuffer(chunk: string | Uint8Array, encoding: BufferEncoding): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
}
