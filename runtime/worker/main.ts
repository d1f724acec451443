/**
 * The entry of a worker process. What is imported here is paid by each cold start, so the loader of TypeScript
 * waits until a function needs it.
 */
import fs from 'node:fs';
import { Socket } from 'node:net';
import { ArenaReader } from '../channel/arena.ts';
import { JournalFile } from '../channel/journal/file.ts';
import { JournalWriter } from '../channel/journal/writer.ts';
import { ResultWriter } from '../channel/result-area.ts';
import { SocketTransport } from '../channel/socket-transport.ts';
import { arenaFd, journalFd, resultFd, startEnvironment, toRuntimeFd, toWorkerFd } from '../channel/start.ts';
import { makeBlocking } from '../channel/stream-handle.ts';
import { MemoryGuard } from './memory-guard.ts';
import { CountedOutput } from './output.ts';
import { serve } from './serve.ts';
import { title } from './title.ts';
import { startWatchdog } from './watchdog.ts';

process.title = title.worker;
// A terminal's Ctrl-C and its end, and a service manager's SIGTERM, reach this process as well as the runtime, but when
// to stop is for the runtime to say.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('SIGTERM', () => {
  // A function that listens too wants to end in its own way.
  if (!worker.isEnding || process.listenerCount('SIGTERM') > 1) return;
  process.removeAllListeners('SIGTERM');
  process.kill(process.pid, 'SIGTERM');
});

// Node's pool of threads reads its size when it is used for the first time: before that variable is removed.
fs.access('.', () => {});
const { runtimePid } = startEnvironment.take(process.env);

const outgoing = new Socket({ fd: toRuntimeFd, readable: false, writable: true });
makeBlocking(outgoing);

const memoryGuard = new MemoryGuard();
const worker = serve({
  transport: new SocketTransport(
    {
      incoming: new Socket({ fd: toWorkerFd, readable: true, writable: false }),
      outgoing,
    },
    {
      incomingMemory: ArenaReader.inherited(arenaFd),
      outgoingMemory: ResultWriter.inherited(resultFd),
    },
  ),
  journal: new JournalWriter(JournalFile.inherited(journalFd)),
  captureOutput: (channel) => new CountedOutput(() => channel.flush()),
  memoryGuard,
});
startWatchdog(runtimePid, memoryGuard.shared);
