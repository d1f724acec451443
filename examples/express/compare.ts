// Asks each of both apps for primes, and meanwhile again and again for its health.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const below = 6_000_000;

for (const name of ['before', 'after']) {
  const app = fork(path.join(import.meta.dirname, `${name}.ts`), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, PORT: '0' },
  });
  try {
    const url = await urlOf(createInterface({ input: app.stdout as NodeJS.ReadableStream }));
    await compare(name, url);
  } finally {
    app.kill();
  }
}

async function compare(name: string, url: string): Promise<void> {
  await msOf(`${url}/health`); // the first one pays for what is loaded once
  let isCounted = false;
  const counted = msOf(`${url}/primes/${below}`).finally(() => {
    isCounted = true;
  });
  const answers: number[] = [];
  do {
    await delay(20);
    answers.push(await msOf(`${url}/health`));
  } while (!isCounted);
  const primes = Math.round(await counted);
  const slowest = Math.round(Math.max(...answers));
  console.log(
    `${name.padEnd(6)} /primes took ${primes} ms; meanwhile /health answered ${answers.length} times, the slowest in ${slowest} ms`,
  );
}

/** From its first line. */
async function urlOf(lines: NodeJS.EventEmitter): Promise<string> {
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (line === undefined) throw new Error('The app has ended before it listened.');
  return String(line).replace('listening on ', '');
}

async function msOf(url: string): Promise<number> {
  const startedAt = performance.now();
  // Not over a connection from before: the app that was held up would close it as idle.
  const response = await fetch(url, { headers: { connection: 'close' } });
  await response.json();
  return performance.now() - startedAt;
}
