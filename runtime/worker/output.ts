import { makeBlocking } from '../channel/stream-handle.ts';

/** How many bytes functions have printed so far, as far as the runtime has to wait for them. */
export interface OutputCount {
  readonly written: readonly [stdout: number, stderr: number];
}

/**
 * What functions print in a process goes through streams of their own, because what was written to those survives any death
 * of the process. A result overtakes it, on the channel; so each result says how many bytes were written before it, and
 * the runtime reads that far first. And before something is written `onWrite` sends the results of earlier runs: what is
 * printed is taken for that of the first run that has no result.
 */
export class CountedOutput implements OutputCount {
  /** Replaced by another one when something is written: the end of each invocation refers to it. */
  #written: OutputCount['written'] = [0, 0];

  constructor(onWrite: () => void) {
    this.#count(process.stdout, 0, onWrite);
    this.#count(process.stderr, 1, onWrite);
  }

  get written(): OutputCount['written'] {
    return this.#written;
  }

  #count(stream: NodeJS.WriteStream, index: 0 | 1, onWrite: () => void): void {
    makeBlocking(stream);
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    stream.write = (...args: unknown[]) => {
      const [chunk, encoding] = args;
      onWrite();
      // Nothing arrives of what is written to a stream that has ended.
      if (stream.writable) this.#add(index, bytesOf(chunk, encoding));
      return write(...args);
    };
    // The reader is gone, and so is the runtime: the watchdog ends this process, not an EPIPE.
    stream.on('error', () => {});
  }

  #add(index: 0 | 1, bytes: number): void {
    const [stdout, stderr] = this.#written;
    this.#written = index === 0 ? [stdout + bytes, stderr] : [stdout, stderr + bytes];
  }
}

function bytesOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') {
    const name = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
    // For these `byteLength` is an estimate.
    if (/^(?:base64|base64url|hex)$/i.test(name)) return Buffer.from(chunk, name).length;
    return Buffer.byteLength(chunk, name);
  }
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : 0;
}
