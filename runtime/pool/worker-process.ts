import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Channel } from '../channel/channel.ts';
import type { EncodedValue } from '../channel/codec.ts';
import { MarkReader } from '../channel/marks.ts';
import type { Envelope, FromWorker, ToWorker } from '../channel/messages.ts';
import { channelFd, startEnvironment } from '../channel/start.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import { WorkerOutput } from './worker-output.ts';

export interface WorkerProcessOptions {
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly onMessage: (envelope: Envelope<FromWorker>) => void;
  /** A line the worker wrote to its stdout or stderr. */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
  /** The process is gone and everything it sent has been read. */
  readonly onExit: (exit: WorkerExit, marks: LastMarks) => void;
}

/** What a worker was at when it ended. */
export interface LastMarks {
  /** The index of the function whose module was being loaded. */
  readonly loading: number | undefined;
  /** The number of the run that was started last; undefined where the platform has no marks, 0 when there was none. */
  readonly started: number | undefined;
}

/** A worker's operating system process: it knows how to start, talk, kill and report the end, and nothing of work. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #channel: Channel<ToWorker, FromWorker>;
  readonly #output: WorkerOutput;
  readonly #stderrTail: string[] = [];

  constructor(options: WorkerProcessOptions) {
    const marks = new MarkReader();
    this.#child = spawn(process.execPath, [...options.execArgv, workerEntry], {
      env: { ...tunedEnvironment, ...process.env, ...options.env, ...startEnvironment.give(process.pid) },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', marks.fd ?? 'ignore'],
      windowsHide: true,
    });
    this.#channel = new Channel(this.#child.stdio[channelFd] as Socket, {
      onMessage: options.onMessage,
      onClose: (error) => this.#connectionClosed(error),
    });
    const { stdout, stderr } = this.#child;
    this.#output = new WorkerOutput({ stdout, stderr }, (stream, line) => {
      if (stream === 'stderr') this.#stderrTail.push(line);
      if (this.#stderrTail.length > stderrTailLines) this.#stderrTail.shift();
      options.onLine(stream, line);
    });
    this.#reportExit(marks, options.onExit);
    this.#unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToWorker, body?: EncodedValue): void {
    this.#channel.post(message, body);
  }

  /** Calls back once everything has been read that the worker had written by then. */
  afterOutput(written: readonly [stdout: number, stderr: number], callback: () => void): void {
    this.#output.whenRead(written, callback);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  // Without its connection a worker is of no use. Mostly it closes because the process is ending by itself, and then
  // how it ended must be told by the process; one that lives on, because a function broke the connection, is ended.
  #connectionClosed(error: Error | undefined): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    if (error) this.#stderrTail.push(`its connection broke: ${error.message}`);
    const timer = setTimeout(() => this.kill('SIGKILL'), error ? 0 : endsByItselfMs);
    this.#child.once('exit', () => clearTimeout(timer));
  }

  #reportExit(marks: MarkReader, onExit: WorkerProcessOptions['onExit']): void {
    let hasExited = false;
    let deadline: NodeJS.Timeout | undefined;
    const report = (exitCode: number | null, signal: string | null) => {
      if (hasExited) return;
      hasExited = true;
      clearTimeout(deadline);
      this.#channel.close();
      this.#output.end();
      const lastMarks = { loading: marks.loading(), started: marks.started() };
      marks.close();
      onExit({ exitCode, signal, stderr: [...this.#stderrTail] }, lastMarks);
    };
    this.#child.once('error', (error) => {
      // It never started: there will be no 'exit'. A failed kill comes here as well, and changes nothing.
      if (this.#child.pid !== undefined) return;
      this.#stderrTail.push(error.message);
      report(null, null);
    });
    // 'close' comes when all streams have ended, so that the last result and the last line have been read. A process
    // that the function left behind can hold them open: then what has come by the deadline is all there is.
    this.#child.once('exit', (code, signal) => {
      deadline = setTimeout(() => report(code, signal), streamsEndMs);
    });
    this.#child.once('close', report);
  }

  // An idle runtime must not keep its program alive; one that has work holds itself up (see keep-alive.ts).
  #unref(): void {
    this.#child.unref();
    this.#channel.unref();
    for (const stream of [this.#child.stdout, this.#child.stderr]) (stream as Socket | null)?.unref();
  }
}

const workerEntry = fileURLToPath(new URL('../worker/main.js', import.meta.url));

/** How many of the last lines of stderr an exit reports. */
const stderrTailLines = 20;

/** How long a process takes at the most from closing its files to its end; a large one may take a while. */
const endsByItselfMs = 500;

/** How long after a worker's end its streams may stay open: what is in them is read in far less. */
const streamsEndMs = 500;

// One worker per core runs one invocation at a time: more threads and allocation arenas cost memory and bring nothing.
const tunedEnvironment = { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };
