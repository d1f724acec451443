import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionContext } from 'warm-pool';

/** Has the lock until all its numbers are in the queue. */
export default async function addFive({ items }: { items: number[] }, { shared }: FunctionContext) {
  const queue = shared.queue<number>('results');
  await shared.lock('turn').run(async () => {
    await shared.event('started').set();
    for (const item of items) {
      await delay(300);
      await queue.put(item + 5);
    }
  });
}
