import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PhotoPool, PhotoPoolOptions } from './photo-pool.ts';
import type { Work } from './sharp-worker.ts';

const workerModule = fileURLToPath(new URL('./sharp-worker.js', import.meta.url));

// What warm-pool gives its workers, so that what is compared is the work on the photos alone.
const environment = { ...process.env, UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };

/** sharp in worker processes, each with one photo at a time: what a program would write that has no pool. */
export async function open(work: Work, { workers }: PhotoPoolOptions): Promise<PhotoPool> {
  const processes = Array.from({ length: workers }, () => fork(workerModule, [work], { env: environment }));
  return {
    process: async (photos) => {
      const queue = [...photos];
      const busy = await Promise.all(processes.map((child) => processQueue(child, queue)));
      return busy.filter((pid) => pid !== undefined);
    },
    close: async () => {
      const ended = processes.map((child) => once(child, 'exit'));
      for (const child of processes) {
        child.disconnect();
      }
      await Promise.all(ended);
    },
  };
}

// Takes photos from the shared queue until it is empty; resolves to the process if there was anything to do.
async function processQueue(child: ChildProcess, queue: string[]): Promise<number | undefined> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process that runs sharp ended with exit code ${code}`);
  });
  // It is listened to while a photo is awaited; when the pool is closed, the exit is no error.
  ended.catch(() => {});
  let done = 0;
  for (let photo = queue.shift(); photo !== undefined; photo = queue.shift()) {
    child.send(photo);
    await Promise.race([once(child, 'message'), ended]);
    done += 1;
  }
  return done > 0 ? child.pid : undefined;
}
