import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import path from 'node:path';
import waits, { type Wait } from '../../functions/waits.ts';
import type { Job } from '../../harness/subject.ts';
import type { PoolOfPlace } from './contestants.ts';
import { openRuntime } from './open-runtime.ts';

/** How many wait at once, and for how long each of a timer and of the server. */
export const waitsAtOnce = { full: 200, quick: 40 };
export const waitMs = 50;
export const fileBytes = 64 * 1024;

/** Measures how long it takes, in s, until all have what they waited for. */
export async function measureWaiting(
  measure: string,
  pool: PoolOfPlace | undefined,
  job: Job,
): Promise<number> {
  const { wait, amount, end } = await prepared(measure, job);
  const count = waitsAtOnce[job.quick ? 'quick' : 'full'];
  const all = async (call: (wait: Wait) => PromiseLike<unknown>) => {
    const start = performance.now();
    const results = await Promise.all(Array.from({ length: count }, () => call(wait)));
    const seconds = (performance.now() - start) / 1_000;
    assert.deepEqual(results, Array(count).fill(amount));
    return seconds;
  };
  // Once before, so that what is compiled and connected at first has been.
  const twice = async (call: (wait: Wait) => PromiseLike<unknown>) => {
    await all(call);
    return all(call);
  };
  if (!pool) {
    const seconds = await twice(waits);
    end();
    return seconds;
  }
  const { kind, workers } = pool;
  const runtime = await openRuntime(job, { min: workers, max: workers, isolation: kind });
  const seconds = await twice((each) => runtime.invoke('waits', each));
  await runtime.close();
  end();
  return seconds;
}

interface Prepared {
  readonly wait: Wait;
  /** What `waits` returns for it. */
  readonly amount: number;
  readonly end: () => void;
}

async function prepared(measure: string, { folder }: Job): Promise<Prepared> {
  if (measure === 'timers') return { wait: { kind: 'timer', ms: waitMs }, amount: waitMs, end: () => {} };
  if (measure === 'files') {
    const file = path.join(folder, 'file');
    await writeFile(file, Buffer.alloc(fileBytes, 1));
    return { wait: { kind: 'file', path: file }, amount: fileBytes, end: () => {} };
  }
  const answer = Buffer.alloc(1_024, 1);
  const server: Server = createServer((socket) => {
    setTimeout(() => socket.end(answer), waitMs);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1_000 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { wait: { kind: 'server', port }, amount: answer.length, end: () => server.close() };
}
