import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Arena } from '../channel/arena.ts';
import { Channel } from '../channel/channel.ts';
import type { EncodedBytes, EncodedValue } from '../channel/codec.ts';
import { isFromWorker } from '../channel/from-worker.ts';
import { JournalFile } from '../channel/journal/file.ts';
import { JournalReader } from '../channel/journal/reader.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { ResultReader } from '../channel/result-area.ts';
import { SocketTransport } from '../channel/socket-transport.ts';
import { startEnvironment, toRuntimeFd, toWorkerFd } from '../channel/start.ts';
import type { WorkerHost, WorkerHostOptions } from './worker-host.ts';
import { WorkerOutput } from './worker-output.ts';

/** A worker in an operating system process of its own. */
export class WorkerProcess implements WorkerHost {
  readonly isolation = 'process';
  readonly threadId = undefined;
  readonly #child: ChildProcess | undefined;
  readonly #channel: Channel<ToWorker, FromWorker> | undefined;
  readonly #journalFile = JournalFile.create();
  readonly arena = Arena.use();
  readonly #results = ResultReader.create();
  readonly journal = new JournalReader(this.#journalFile);
  readonly output: WorkerOutput;

  constructor(options: WorkerHostOptions) {
    this.output = new WorkerOutput(options.onLine);
    const child = start(options, [this.#journalFile?.fd, this.#results?.fd, this.arena?.readFd]);
    if (child instanceof Error) {
      this.#neverStarted(child, options.onExit);
      return;
    }
    this.#child = child;
    // There is no kill of a process that is gone, or of one that is no longer ours: its end is told by 'exit'.
    child.on('error', () => {});
    const { stdout, stderr } = child;
    // Out of file descriptors: Node made no streams, and says why only later.
    const streams = (child.stdio ?? []) as readonly (Socket | null | undefined)[];
    const [incoming, outgoing] = [streams[toRuntimeFd], streams[toWorkerFd]];
    if (!incoming || !outgoing) {
      child.once('error', (error) => this.#neverStarted(error, options.onExit));
      return;
    }
    this.#channel = new Channel<ToWorker, FromWorker>(
      new SocketTransport({ incoming, outgoing }, { incomingMemory: this.#results }),
      {
        accepts: isFromWorker,
        onMessage: options.onMessage,
        onClose: (error) => this.#connectionClosed(child, error),
      },
    );
    this.output.follow({ stdout, stderr }, () => this.readAll());
    this.#reportExit(child, options.onExit);
    // An idle runtime must not keep its program alive; one that has work holds itself up (see keep-alive.ts).
    child.unref();
    this.#channel.unref();
    for (const stream of [stdout, stderr]) (stream as Socket | null)?.unref();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  send(message: ToWorker, body?: EncodedValue): void {
    this.#channel?.post(message, body);
  }

  give(message: ToWorker, body: EncodedBytes): void {
    this.send(message, body);
  }

  flush(): void {
    this.#channel?.flush();
  }

  readSome(): void {
    this.#channel?.readSome();
  }

  readAll(): void {
    this.#channel?.readAll();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#child?.kill(signal);
  }

  #closeFiles(): void {
    this.#journalFile?.close();
    this.#results?.close();
    this.arena?.release();
  }

  // Not at once: see HostHandlers.
  #neverStarted(error: Error, onExit: WorkerHostOptions['onExit']): void {
    process.nextTick(() => {
      this.#closeFiles();
      const exit = { exitCode: null, signal: null, stderr: [error.message] };
      onExit(exit, { loading: undefined, started: 0, ends: [] });
    });
  }

  // Without its connection a worker is of no use. Mostly it closes because the process is ending by itself, and then
  // how it ended must be told by the process; one that lives on, because a function broke the connection, is ended.
  #connectionClosed(child: ChildProcess, error: Error | undefined): void {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (error) this.output.tail.push(`its connection broke: ${error.message}`);
    const timer = setTimeout(() => this.kill('SIGKILL'), error ? 0 : endsByItselfMs);
    child.once('exit', () => clearTimeout(timer));
  }

  #reportExit(child: ChildProcess, onExit: WorkerHostOptions['onExit']): void {
    let hasExited = false;
    let deadline: NodeJS.Timeout | undefined;
    const report = (exitCode: number | null, signal: string | null) => {
      if (hasExited) return;
      hasExited = true;
      clearTimeout(deadline);
      this.#channel?.close();
      this.output.end();
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      const journal = this.journal.read();
      this.#closeFiles();
      onExit({ exitCode, signal, stderr: this.output.tail.lines }, journal);
    };
    // No process came of it: there will be no 'exit'.
    child.once('error', (error) => {
      if (child.pid !== undefined) return;
      this.output.tail.push(error.message);
      report(null, null);
    });
    // 'close' comes when all streams have ended, so that the last result and the last line have been read. A process
    // that the function left behind can hold them open: then what has come by the deadline is all there is.
    child.once('exit', (code, signal) => {
      deadline = setTimeout(() => report(code, signal), streamsEndMs);
    });
    child.once('close', report);
  }
}

/** Starts the process, or says why the operating system would not. */
function start(options: WorkerHostOptions, files: readonly (number | undefined)[]): ChildProcess | Error {
  const [journal, results, arena] = files.map((fd) => fd ?? ('ignore' as const));
  try {
    return spawn(process.execPath, [...options.execArgv, workerEntry], {
      env: startEnvironment.give({ ...process.env, ...options.env }, process.pid),
      // In the order of the numbers in start.ts.
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', journal, results, 'pipe', arena],
      windowsHide: true,
    });
  } catch (error) {
    return error as Error;
  }
}

const workerEntry = fileURLToPath(new URL('../worker/main.js', import.meta.url));

/** How long a process takes at the most from closing its files to its end; a large one may take a while. */
const endsByItselfMs = 500;

/** How long after a worker's end its streams may stay open: what is in them is read in far less. */
const streamsEndMs = 500;
