// Many uploads at once: how long the event loop of the web service is held up, with and without the pool.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { createRuntime } from 'warm-pool';
import { buildApp, type MakeThumbnail } from './app.ts';
import { makeThumbnail, type Thumbnail } from './functions/_make-thumbnail.ts';

const options = {
  uploads: { type: 'string', default: '20' },
  megapixels: { type: 'string', default: '24' },
} as const;
const { uploads, megapixels } = parseArgs({ options }).values;

const inHandler = (colours: number) => (photo: Buffer) => makeThumbnail({ photo, colours });
const inPool = (colours: number) => (photo: Buffer, signal: AbortSignal) =>
  runtime.invoke<Thumbnail>('thumbnail', { photo, colours }, { signal });
/** The least that it measures: what a timer takes by itself. */
const resolution = 1;

await using runtime = await createRuntime({ cwd: import.meta.dirname, config: { functions: './functions' } });
const clients = await startClients();
console.log(`${uploads} uploads at once of a photo of ${megapixels} megapixels`);
console.log(`${' '.repeat(41)}event loop held up, in ms`);
console.log(`${' '.repeat(41)}median    99 %     max   uploads/s`);
await measure('nothing but receiving it', async () => ({ jpeg: Buffer.alloc(0), colours: [] }));
await measure('thumbnail, in the handler', inHandler(0));
await measure('thumbnail, in the pool', inPool(0));
await measure('thumbnail and colours, in the handler', inHandler(5));
await measure('thumbnail and colours, in the pool', inPool(5));
clients.disconnect();

async function measure(what: string, make: MakeThumbnail): Promise<void> {
  const app = await buildApp(make);
  const url = `${await app.listen({ port: 0 })}/upload`;
  // The first ones pay for what is loaded and compiled once.
  await send(url, 4);
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  const seconds = await send(url, Number(uploads));
  delay.disable();
  await app.close();
  const held = [delay.percentile(50), delay.percentile(99), delay.max];
  const columns = held.map((ns) =>
    Math.max(0, ns / 1e6 - resolution)
      .toFixed(1)
      .padStart(7),
  );
  console.log(what.padEnd(38), ...columns, (Number(uploads) / seconds).toFixed(1).padStart(11));
}

/** In a process of their own: what they do is not held against the web service. */
async function startClients(): Promise<ChildProcess> {
  const started = fork(path.join(import.meta.dirname, 'clients.ts'), [megapixels]);
  started.once('exit', (code) => {
    if (code !== 0) process.exit(1);
  });
  await once(started, 'message');
  return started;
}

/** Resolves with the seconds until all were answered. */
async function send(url: string, count: number): Promise<number> {
  const answered = once(clients, 'message');
  clients.send({ url, count });
  const [seconds] = await answered;
  return seconds as number;
}
