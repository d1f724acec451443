// A queue, an event and a lock that a worker process and the event loop of the program have in common.
import { createRuntime } from 'warm-pool';

await using runtime = await createRuntime({
  cwd: import.meta.dirname,
  config: { functions: './functions' },
});
const { shared } = runtime;
const queue = shared.queue<number>('results');

async function printResults() {
  for await (const result of queue) console.log(`Got result ${result}`);
}

async function addTheLast() {
  await shared.event('started').wait();
  await shared.lock('turn').run(async () => {
    await queue.put(78);
    await queue.close();
  });
}

await Promise.all([runtime.invoke('add-five', { items: [1, 2, 3, 4, 5] }), printResults(), addTheLast()]);
