import type { Arena } from '../channel/arena.ts';
import type { EncodedBytes, EncodedValue } from '../channel/codec.ts';
import type { JournalContent, JournalReader } from '../channel/journal/reader.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import type { Isolation } from '../config/pool-settings.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import type { WorkerOutput } from './worker-output.ts';

/** Who is told what a worker does. */
export interface HostHandlers {
  readonly onMessage: (message: FromWorker, body: EncodedValue | undefined) => void;
  /** A line the worker wrote to its stdout or stderr. */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
  /** The worker is gone and everything it sent has been read. Never called before the constructor has returned. */
  readonly onExit: (exit: WorkerExit, journal: JournalContent) => void;
}

export interface WorkerHostOptions extends HostHandlers {
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a worker runs in: it knows how to start, talk, kill and report the end, and nothing of work. */
export interface WorkerHost {
  readonly isolation: Isolation;
  /** Of a process of its own. */
  readonly pid: number | undefined;
  /** Of a thread of this process. */
  readonly threadId: number | undefined;
  readonly output: WorkerOutput;
  readonly journal: JournalReader;
  /** What it can read large arguments from. */
  readonly arena: Arena | undefined;
  send(message: ToWorker, body?: EncodedValue): void;
  /** The same with a body that the runtime doesn't need any more: to a thread its buffers are moved. */
  give(message: ToWorker, body: EncodedBytes): void;
  /** Sends now what would be sent at the end of this turn. */
  flush(): void;
  /** Passes on some of what has arrived from it, in the middle of a turn. */
  readSome(): void;
  /** Passes on all that it had sent before now. */
  readAll(): void;
  /** SIGTERM asks a process to end; a thread, which can't be asked, is ended with either. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}
