import { inspect } from 'node:util';
import { MessageChannel, type MessagePort, Worker as Thread } from 'node:worker_threads';
import { Channel } from '../channel/channel.ts';
import type { EncodedBytes, EncodedValue } from '../channel/codec.ts';
import { isFromWorker, readBody } from '../channel/from-worker.ts';
import { JournalMemory } from '../channel/journal/memory.ts';
import { JournalReader } from '../channel/journal/reader.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { NativeLoads } from '../channel/native-loads.ts';
import { PortTransport } from '../channel/port-transport.ts';
import type { ThreadStart } from '../channel/start.ts';
import { splitExecArgv } from './thread-limits.ts';
import type { WorkerHost, WorkerHostOptions } from './worker-host.ts';
import { WorkerOutput } from './worker-output.ts';

/** A worker in a thread of this process. */
export class WorkerThread implements WorkerHost {
  readonly isolation = 'thread';
  readonly pid = undefined;
  /** Buffers are moved to a thread. */
  readonly arena = undefined;
  readonly threadId: number | undefined;
  readonly #options: WorkerHostOptions;
  readonly #thread: Thread | undefined;
  readonly #transport: PortTransport;
  readonly #channel: Channel<ToWorker, FromWorker>;
  readonly #memory = JournalMemory.create();
  readonly journal = new JournalReader(this.#memory);
  readonly output: WorkerOutput;
  readonly #read = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #nativeLoads = new NativeLoads();
  #stuckTimer: NodeJS.Timeout | undefined;
  #hasExited = false;

  constructor(options: WorkerHostOptions) {
    this.#options = options;
    this.output = new WorkerOutput(options.onLine);
    const { port1, port2 } = new MessageChannel();
    this.#transport = new PortTransport(port1, { countsIn: this.#read });
    this.#channel = new Channel<ToWorker, FromWorker>(this.#transport, {
      accepts: isFromWorker,
      onMessage: (message, body) => this.#receive(message, body),
      onClose: (error) => this.#connectionClosed(error),
    });
    const thread = this.#start(port2);
    if (thread instanceof Error) {
      this.output.tail.push(thread.message);
      // Not at once: see HostHandlers.
      process.nextTick(() => this.#report(null));
      return;
    }
    this.#thread = thread;
    this.threadId = thread.threadId;
    // What it prints before it can post (see thread-output.ts): then this ends.
    this.output.follow(thread);
    thread.on('error', (error: unknown) => this.#uncaught(error));
    thread.on('exit', (exitCode) => this.#report(exitCode));
    // An idle runtime must not keep its program alive; one that has work holds itself up (see keep-alive.ts).
    thread.unref();
    this.#channel.unref();
  }

  send(message: ToWorker, body?: EncodedValue): void {
    this.#channel.post(message, body);
  }

  give(message: ToWorker, body: EncodedBytes): void {
    body.isGone = true;
    this.#channel.give(message, body);
  }

  flush(): void {
    this.#channel.flush();
  }

  readSome(): void {
    this.#channel.readSome();
  }

  readAll(): void {
    this.#channel.readAll();
  }

  kill(): void {
    if (this.#hasExited || !this.#thread) return;
    this.#terminate(this.#thread);
    this.#stuckTimer ??= setTimeout(() => {
      this.output.tail.push(`It is in a native call, which can't be interrupted, and was given up.`);
      this.#report(terminatedExitCode);
    }, stuckAfterMs).unref();
  }

  #terminate(thread: Thread): void {
    if (this.#nativeLoads.forbid()) {
      void thread.terminate();
      // It holds the program up from then on.
      thread.unref();
    } else setTimeout(() => this.#terminate(thread), lookAgainMs).unref();
  }

  /** Starts the thread, or says why Node would not. */
  #start(port: MessagePort): Thread | Error {
    const { execArgv, resourceLimits } = splitExecArgv(this.#options.execArgv);
    const start: ThreadStart = {
      port,
      journal: this.#memory.shared,
      read: this.#read.buffer as SharedArrayBuffer,
      nativeLoads: this.#nativeLoads.shared,
    };
    try {
      return new Thread(workerEntry, {
        name: 'pool-worker',
        workerData: start,
        transferList: [port],
        env: { ...process.env, ...this.#options.env },
        execArgv,
        resourceLimits,
        stdout: true,
        stderr: true,
      });
    } catch (error) {
      return error as Error;
    }
  }

  #receive(message: FromWorker, body: EncodedValue | undefined): void {
    if (message.type !== 'output') {
      this.#options.onMessage(message, body);
      return;
    }
    const bytes = readBody(body);
    if (Buffer.isBuffer(bytes)) this.output.push(message.stream, bytes);
  }

  /** Node hands over what ended the thread in place of printing it. */
  #uncaught(error: unknown): void {
    this.#transport.readRest();
    this.output.push('stderr', Buffer.from(`${uncaughtText(error)}\n`));
  }

  // Mostly it closes because the thread is ending by itself, and then how it ended is told by its exit.
  #connectionClosed(error: Error | undefined): void {
    if (this.#hasExited) return;
    if (error) this.output.tail.push(`its connection broke: ${error.message}`);
    setTimeout(() => this.kill(), error ? 0 : endsByItselfMs).unref();
  }

  #report(exitCode: number | null): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    clearTimeout(this.#stuckTimer);
    this.#transport.readRest();
    this.#channel.close();
    this.output.end();
    this.#options.onExit({ exitCode, signal: null, stderr: this.output.tail.lines }, this.journal.read());
  }
}

const workerEntry = new URL('../worker/thread.js', import.meta.url);

/** What Node tells of a thread that was terminated. */
const terminatedExitCode = 1;

/** A module is loaded in some ms. */
const lookAgainMs = 1;

/** How long a thread takes at the most from closing its port to its end. */
const endsByItselfMs = 500;

/** How long after `terminate` a thread that runs JavaScript may take to end: some ms, and the machine may be busy. */
const stuckAfterMs = 1_000;

function uncaughtText(error: unknown): string {
  if (!(error instanceof Error)) return `Uncaught ${inspect(error)}`;
  // Of this one the stack is in Node itself.
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return `FATAL ERROR: ${error.message}`;
  return error.stack ?? `${error.name}: ${error.message}`;
}
