/** The entry of a worker thread; see main.ts. */
import { workerData } from 'node:worker_threads';
import { JournalMemory } from '../channel/journal/memory.ts';
import { JournalWriter } from '../channel/journal/writer.ts';
import { heedNativeLoads, NativeLoads } from '../channel/native-loads.ts';
import { PortTransport } from '../channel/port-transport.ts';
import { takeThreadStart } from '../channel/start.ts';
import { serve } from './serve.ts';
import { PostedOutput } from './thread-output.ts';

const { port, journal, read, nativeLoads } = takeThreadStart(workerData);
heedNativeLoads(new NativeLoads(nativeLoads));

serve({
  transport: new PortTransport(port, { givesAll: true, heeds: new Int32Array(read) }),
  journal: new JournalWriter(new JournalMemory(journal)),
  captureOutput: (channel) => new PostedOutput(channel),
});
