import type { Readable } from 'node:stream';
import type { FromWorker } from '../channel/messages.ts';
import { LineSplitter } from './line-splitter.ts';
import { OutputTail } from './output-tail.ts';

/** Output that the worker counted and that doesn't come, because a function closed the file below, is not waited for. */
const longestWaitMs = 1_000;

const streamNames = ['stdout', 'stderr'] as const;
type StreamName = (typeof streamNames)[number];
type RunEnd = Extract<FromWorker, { type: 'succeeded' }>;

interface Waiting {
  /** How much was printed before it. */
  readonly written: Readonly<Record<StreamName, number>>;
  readonly callback: () => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Reads what a worker prints, line by line, and knows how far it has been read: a result, which comes another way, waits for
 * what was printed before it, and what was printed after it waits for the result, to be told as the next one's.
 */
export class WorkerOutput {
  /** What was the last on stderr, for the report of its end. */
  readonly tail = new OutputTail();
  readonly #read = { stdout: 0, stderr: 0 };
  /** What has come and has not been passed on. */
  readonly #chunks: Readonly<Record<StreamName, Buffer[]>> = { stdout: [], stderr: [] };
  readonly #splitters: Readonly<Record<StreamName, LineSplitter>>;
  /** In the order of the results. */
  readonly #waiting: Waiting[] = [];
  /** Whether something has been read since the last end of an invocation. */
  #hasNew = false;
  #hasEnded = false;

  constructor(onLine: (stream: StreamName, line: string) => void) {
    this.#splitters = {
      stdout: new LineSplitter((line) => onLine('stdout', line)),
      stderr: new LineSplitter((line) => {
        this.tail.push(line);
        onLine('stderr', line);
      }),
    };
  }

  /** `onChunk` is called when something has come, before it is passed on: to read the results that were sent before it. */
  follow(streams: Readonly<Record<StreamName, Readable | null>>, onChunk = () => {}): void {
    for (const name of streamNames) {
      streams[name]?.on('data', (chunk: Buffer) => {
        onChunk();
        this.push(name, chunk);
      });
    }
  }

  push(name: StreamName, chunk: Buffer): void {
    this.#chunks[name].push(chunk);
    this.#passOn();
  }

  /** Whether so many bytes have been read, the ordinary case; then all of them have been passed on. */
  hasRead([stdout, stderr]: RunEnd['output']): boolean {
    if (!this.#hasEnded && (this.#read.stdout < stdout || this.#read.stderr < stderr)) return false;
    if (this.#hasNew) this.#endLines();
    return true;
  }

  /** Whether a result waits for what was printed before it. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Calls back when so many bytes have been read, which they have not yet. */
  whenRead([stdout, stderr]: RunEnd['output'], callback: () => void): void {
    const waiting: Waiting = { written: { stdout, stderr }, callback, timer: undefined };
    this.#giveUpLater(waiting);
    this.#waiting.push(waiting);
  }

  /** Nothing more will be read. */
  end(): void {
    this.#hasEnded = true;
    this.#passOn();
    this.#endLines();
  }

  #giveUpLater(waiting: Waiting): void {
    waiting.timer = setTimeout(() => {
      const { stdout, stderr } = this.#read;
      // After a turn that took longer timers come before what lies in the pipes, which is read in between.
      setImmediate(() => {
        if (!this.#waiting.includes(waiting)) return;
        const hasReadMore = this.#read.stdout > stdout || this.#read.stderr > stderr;
        if (hasReadMore) this.#giveUpLater(waiting);
        else this.#giveUp(waiting);
      });
    }, longestWaitMs);
  }

  #giveUp({ written }: Waiting): void {
    // What was lost is lost: it must not hold up each result that follows.
    for (const name of streamNames) this.#read[name] = Math.max(this.#read[name], written[name]);
    this.#passOn();
  }

  #passOn(): void {
    for (;;) {
      const [next] = this.#waiting;
      for (const name of streamNames) this.#passOnUpTo(name, next?.written[name] ?? Number.POSITIVE_INFINITY);
      if (!next) return;
      if (!this.#hasEnded && streamNames.some((name) => this.#read[name] < next.written[name])) return;
      this.#waiting.shift();
      clearTimeout(next.timer);
      this.#endLines();
      next.callback();
    }
  }

  /** Until so many bytes of this stream have been read in all. */
  #passOnUpTo(name: StreamName, end: number): void {
    const chunks = this.#chunks[name];
    for (let [chunk] = chunks; chunk && this.#read[name] < end; [chunk] = chunks) {
      const part = chunk.subarray(0, endOfLine(chunk, end - this.#read[name]));
      if (part.length === chunk.length) chunks.shift();
      else chunks[0] = chunk.subarray(part.length);
      this.#hasNew = true;
      this.#read[name] += part.length;
      this.#splitters[name].push(part);
    }
  }

  // A last line without its line end belongs to what has ended, not to what comes next.
  #endLines(): void {
    this.#hasNew = false;
    for (const name of streamNames) this.#splitters[name].end();
  }
}

/**
 * Where the line ends that the byte before `length` belongs to. As a rule that is `length`; but native code and processes
 * of a function write to the same pipe and are not counted, and nobody's lines should be cut in two for that.
 */
function endOfLine(chunk: Buffer, length: number): number {
  if (length >= chunk.length) return chunk.length;
  const lineEnd = chunk.indexOf('\n', length - 1);
  return lineEnd === -1 ? chunk.length : lineEnd + 1;
}
