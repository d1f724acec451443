import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WatcherOptions } from './watcher.ts';

const databaseName = 'pool.db';
const noting = fileURLToPath(new URL('./note-receipts.js', import.meta.url));

/**
 * Puts a database with receipts of all files of the inbox where the runtime of `folder` has its own. It is made once,
 * for the first who needs it, by another process: a heap that has done this work is not one to measure.
 */
export async function provideReceipts(options: WatcherOptions): Promise<void> {
  const { receipts, folder } = options;
  if (!existsSync(receipts)) {
    const unfinished = `${receipts}-unfinished`;
    await mkdir(unfinished);
    await run({ ...options, folder: unfinished });
    await rename(unfinished, receipts);
  }
  await mkdir(path.join(folder, '.pool'));
  await copyFile(path.join(receipts, '.pool', databaseName), path.join(folder, '.pool', databaseName));
}

async function run(options: WatcherOptions): Promise<void> {
  const child = fork(noting, [JSON.stringify(options)]);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the process that notes receipts ended with exit code ${code}`);
}
