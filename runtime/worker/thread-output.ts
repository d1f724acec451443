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

  constructor(channel: Channel<FromWorker, ToWorker>) {
    this.#channel = channel;
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
    this.#channel.tell({ type: 'output', stream }, encodeValue(bytes));
  }
}

function toBuffer(chunk: string | Uint8Array, encoding: BufferEncoding): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
}
