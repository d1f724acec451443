/**
 * The entry of a worker process. What is imported here is paid by each cold start, so the loader of TypeScript
 * waits until a function needs it.
 */
import fs from 'node:fs';
import { Socket } from 'node:net';
import { Channel } from '../channel/channel.ts';
import { type EncodedValue, encodeValue } from '../channel/codec.ts';
import { JournalWriter } from '../channel/journal.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { channelFd, journalFd, startEnvironment } from '../channel/start.ts';
import { Executor } from './executor.ts';
import { loadFunctions } from './load.ts';
import { residentMemoryMB } from './memory.ts';
import { OutputCount } from './output.ts';
import { startWatchdog } from './watchdog.ts';

process.title = 'pool-worker';
// A terminal's Ctrl-C and its end, and a service manager's SIGTERM, reach this process as well as the runtime, but when
// to stop is for the runtime to say.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('SIGTERM', () => {
  // A function that listens too wants to end in its own way.
  if (!(isStopping || executor?.isAborting) || process.listenerCount('SIGTERM') > 1) return;
  process.removeAllListeners('SIGTERM');
  process.kill(process.pid, 'SIGTERM');
});

// Node's pool of threads reads its size when it is used for the first time: before that variable is removed.
fs.access('.', () => {});
const { runtimePid } = startEnvironment.take(process.env);

const journal = new JournalWriter(journalFd);
const output = new OutputCount();
let executor: Executor | undefined;
let isStopping = false;
const channel = new Channel<FromWorker, ToWorker>(
  new Socket({ fd: channelFd, readable: true, writable: true }),
  {
    onMessage: (message, body) => void receive(message, body),
    // The runtime is gone: nobody waits for anything that runs here.
    onClose: () => process.exit(0),
  },
);
startWatchdog(runtimePid);

// No handler for uncaught errors, on purpose: as in any Node program one ends the process with its stack on stderr,
// and the runtime tells the invocation that ran. After it nothing in this process could be trusted.
async function receive(message: ToWorker, body: EncodedValue | undefined): Promise<void> {
  switch (message.type) {
    case 'load': {
      const startedAt = performance.now();
      const loaded = await loadFunctions(message.functions, message.root, journal);
      executor = new Executor({ channel, journal, output, functions: loaded });
      const descriptors = encodeValue(loaded.map((each) => each.descriptor));
      const loadMs = performance.now() - startedAt;
      channel.post({ type: 'ready', loadMs, memoryMB: residentMemoryMB() }, descriptors);
      break;
    }
    case 'run':
      executor?.run(message, body);
      break;
    case 'abort':
      executor?.abort(message.run, body);
      break;
    case 'stop':
      isStopping = true;
      await executor?.stop();
      await channel.flushed();
      process.exit(0);
  }
}
