import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { allOf, nextOf, spawned } from './support-spawn.ts';

/** How many messages, and bytes of them, a reader may be behind. */
const mostUnread = 256;
const mostUnreadBytes = 2 ** 20;

// Tells how many of its sends have resolved once all have had the time for it, and ends when it is let.
const sending = {
  ...spawned,
  'functions/sender.js': `
    import { setImmediate as turn } from 'node:timers/promises';
    export default async ({ count, size }, { send, progress, messages }) => {
      let resolved = 0;
      const sends = [];
      for (let index = 0; index < count; index++) {
        const message = size ? Buffer.alloc(size, index) : index;
        sends.push(send(message).then(() => resolved++));
      }
      await turn();
      progress(resolved);
      for await (const message of messages);
      await Promise.all(sends);
      return resolved;
    };`,
  'functions/reader.js': `
    export default async (_args, { messages, send, signal }) => {
      await send('begun');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };`,
  'functions/late-reader.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async (go, { messages, send }) => {
      await send('begun');
      while (!fs.existsSync(go)) await setTimeout(5);
      let count = 0;
      for await (const message of messages) {
        if (message.index !== count) throw new Error('expected ' + count + ', got ' + message.index);
        count++;
      }
      return count;
    };`,
  'functions/quits.js': `
    export default async (_args, { messages }) => { for await (const message of messages) return message; };`,
  'functions/burst.js': `
    export default (count, { send }) => { for (let index = 0; index < count; index++) send({ index }); };`,
  'functions/blocked.js': `
    export default async (_args, { send, signal }) => {
      const sends = Array.from({ length: 1_000 }, (_, index) => send(index));
      const outcomes = await Promise.allSettled(sends);
      const refused = outcomes.filter(({ reason }) => reason === signal.reason && reason?.code === 'CANCELLED');
      return { sent: outcomes.filter(({ status }) => status === 'fulfilled').length, refused: refused.length };
    };`,
};

async function first(values: AsyncIterable<unknown>): Promise<unknown> {
  for await (const value of values) return value;
  return undefined;
}

testEach('a function waits for a program that does not read, by number and by size', async (_t, open) => {
  const { runtime } = await open({}, sending);
  for (const { count, size, resolved } of [
    { count: 2 * mostUnread, size: 0, resolved: mostUnread },
    { count: 4, size: mostUnreadBytes / 2, resolved: 2 },
    { count: 3, size: 3 * mostUnreadBytes, resolved: 1 },
  ]) {
    const task = runtime.spawn<number>('sender', { count, size });
    assert.equal(await within('its progress', first(task.progress)), resolved);
    task.endMessages();
    const messages = await allOf(task);
    if (size === 0) assert.deepEqual(messages, Array.from({ length: count }, (_, index) => index));
    else assert.deepEqual(messages.map((each) => (each as Buffer)[size - 1]), Array.from({ length: count }, (_, i) => i)); // biome-ignore format: one line
    assert.equal(await within('its result', task.done), count);
  }
});

testEach('the program waits for a function that does not read', async (_t, open) => {
  const { runtime, project } = await open({}, sending);
  const count = 3 * mostUnread;
  const task = runtime.spawn<number>('late-reader', project.path('go'));
  assert.equal(await nextOf(task), 'begun');
  let resolved = 0;
  const sends = Array.from({ length: count }, (_, index) => task.send({ index }).then(() => resolved++));
  task.endMessages();
  for (let turns = 0; turns < 10; turns++) await turn();
  assert.equal(resolved, mostUnread);
  project.write('go', '');
  await within('the sends', Promise.all(sends));
  assert.equal(await within('its result', task.done), count);
});

testEach('what a function did not wait for arrives before the end of its messages', async (_t, open) => {
  const { runtime } = await open({}, sending);
  const task = runtime.spawn('burst', 5_000);
  // Nothing of it is read before it has ended.
  await within('its end', task.done);
  assert.deepEqual(
    await allOf(task),
    Array.from({ length: 5_000 }, (_, index) => ({ index })),
  );
});

testEach(
  'what waits to be sent when the function ends is refused, and is no unhandled rejection',
  async (_t, open) => {
    const { runtime } = await open({}, sending);
    const task = runtime.spawn('quits');
    const sends = Array.from({ length: 2 * mostUnread }, (_, index) => task.send(index));
    assert.equal(await within('its result', task.done), 0);
    const outcomes = await within('the sends', Promise.allSettled(sends));
    const refused = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []));
    assert.deepEqual([...new Set(refused)], ['MESSAGES_ENDED']);
    assert(refused.length >= mostUnread, `${refused.length} were refused`);
    // A late one that nobody waits for: the runner of tests fails for an unhandled rejection.
    void task.send('late');
    await turn();
  },
);

testEach('nothing can be sent after endMessages', async (_t, open) => {
  const { runtime } = await open({}, sending);
  const task = runtime.spawn('mirror');
  task.endMessages();
  task.endMessages();
  await assert.rejects(task.send(1), { code: 'MESSAGES_ENDED', message: /endMessages/ });
  await within('its end', task.done);
});

testEach(
  'a function that waits for the program with a send is freed when it is told to end',
  async (_t, open) => {
    const { runtime } = await open({ killGrace: '60s' }, sending);
    const task = runtime.spawn<object>('blocked');
    await nextOf(task);
    task.cancel('enough');
    const { sent, refused } = (await within('its result', task.done)) as { sent: number; refused: number };
    assert.equal(sent + refused, 1_000);
    assert(sent >= mostUnread && refused > 0, `${sent} sent, ${refused} refused`);
  },
);
