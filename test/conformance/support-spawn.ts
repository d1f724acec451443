import type { SpawnedFunction } from 'warm-pool';
import { until, within } from '../support/wait.ts';
import { dying } from './support.ts';

/** Functions that are spawned. */
export const spawned = {
  // Gives back what it gets, with how much it has got by then.
  'functions/counter.js': `
    import { threadId } from 'node:worker_threads';
    export default async ({ from }, ctx) => {
      let count = from;
      await ctx.send({ who: process.pid + '.' + threadId });
      for await (const message of ctx.messages) await ctx.send([++count, message]);
      return count;
    };`,
  'functions/mirror.js': `
    export default async (_args, { messages, send }) => {
      for await (const message of messages) await send(message);
    };`,
  // Goes on until it is told to end.
  'functions/serve.js': `
    export default async (last, { signal, send }) => {
      await send('begun');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await send(String(signal.reason.code));
      return last;
    };`,
  'functions/deaf.js': `
    export default async (_args, { send }) => {
      await send('begun');
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    };`,
  'functions/spin-on.js': `
    export default async (_args, { send }) => {
      await send('begun');
      for (;;);
    };`,
  'functions/perish.js': `${dying}
    export default (count, { send }) => {
      for (let index = 0; index < count; index++) send(index);
      die();
    };`,
  'functions/fail.js': `
    export default async (_args, { send }) => {
      await send('so far');
      throw Object.assign(new RangeError('no further'), { at: 7 });
    };`,
};

/** All that it sends, until it has ended. */
export async function allOf<Message>({ messages }: SpawnedFunction<unknown, Message>): Promise<Message[]> {
  const all: Message[] = [];
  await within(
    'the end of the messages',
    (async () => {
      for await (const message of messages) all.push(message);
    })(),
  );
  return all;
}

/** The next that it sends. */
export async function nextOf<Message>({ messages }: SpawnedFunction<unknown, Message>): Promise<Message> {
  const { done, value } = await within('a message', messages[Symbol.asyncIterator]().next());
  if (done) throw new Error('expected one more message, but there is none');
  return value;
}

/** Waits until it runs. */
export function untilBegun(task: SpawnedFunction): Promise<unknown> {
  return until('it to be at work', () => task.status === 'running');
}
