import type { Readable } from 'node:stream';
import { LineSplitter } from './line-splitter.ts';
import { OutputTail } from './output-tail.ts';

/** Output that the worker counted and that doesn't come, because a function closed the file below, is not waited for. */
const longestWaitMs = 1_000;

const streamNames = ['stdout', 'stderr'] as const;
type StreamName = (typeof streamNames)[number];

interface Waiting {
  readonly written: readonly [stdout: number, stderr: number];
  readonly callback: () => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Reads what a worker prints, line by line, and knows how far it has been read: a result, which comes another way, can
 * wait for what was printed before it.
 */
export class WorkerOutput {
  /** What was the last on stderr, for the report of its end. */
  readonly tail = new OutputTail();
  readonly #read = { stdout: 0, stderr: 0 };
  readonly #splitters: Readonly<Record<StreamName, LineSplitter>>;
  #waiting: Waiting[] = [];
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

  follow(streams: Readonly<Record<StreamName, Readable | null>>): void {
    for (const name of streamNames) streams[name]?.on('data', (chunk: Buffer) => this.push(name, chunk));
  }

  push(name: StreamName, chunk: Buffer): void {
    this.#hasNew = true;
    this.#splitters[name].push(chunk);
    this.#read[name] += chunk.length;
    if (this.#waiting.length > 0) this.#release(({ written }) => this.#isRead(written));
  }

  /** Whether so many bytes have been read, the ordinary case; then all of them have been passed on. */
  hasRead(written: Waiting['written']): boolean {
    if (!this.#hasEnded && !this.#isRead(written)) return false;
    if (this.#hasNew) this.#flush();
    return true;
  }

  /** Calls back when so many bytes have been read, which they have not yet. */
  whenRead(written: Waiting['written'], callback: () => void): void {
    const waiting: Waiting = { written, callback, timer: undefined };
    this.#giveUpLater(waiting);
    this.#waiting.push(waiting);
  }

  /** Nothing more will be read. */
  end(): void {
    this.#hasEnded = true;
    this.#release(() => true);
    this.#flush();
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

  #giveUp({ written: [stdout, stderr] }: Waiting): void {
    // What was lost is lost: it must not hold up each result that follows.
    this.#read.stdout = Math.max(this.#read.stdout, stdout);
    this.#read.stderr = Math.max(this.#read.stderr, stderr);
    this.#release(({ written }) => this.#isRead(written));
  }

  #isRead([stdout, stderr]: Waiting['written']): boolean {
    return this.#read.stdout >= stdout && this.#read.stderr >= stderr;
  }

  #release(isDue: (waiting: Waiting) => boolean): void {
    const due = this.#waiting.filter(isDue);
    this.#waiting = this.#waiting.filter((waiting) => !due.includes(waiting));
    for (const { timer, callback } of due) {
      clearTimeout(timer);
      this.#flush();
      callback();
    }
  }

  // A last line without its line end belongs to what has ended, not to what comes next.
  #flush(): void {
    this.#hasNew = false;
    for (const name of streamNames) this.#splitters[name].end();
  }
}
