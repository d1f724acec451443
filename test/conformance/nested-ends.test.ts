import assert from 'node:assert/strict';
import { allServe, nestedFunctions as files, pidsOf } from '../support/nested.ts';
import { infoOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

testEach(
  'a parent that is killed takes all that it has called along',
  async (_t, open) => {
    const { project, runtime } = await open({ max: 1, killGrace: 50 }, files);
    const chain = runtime.invoke('chain', { depth: 3 });
    chain.catch(() => {});
    await until('all of them to run', () => pidsOf(project).length === 4);
    process.kill(pidsOf(project)[0] as number, 'SIGKILL');
    await assert.rejects(chain, { code: 'WORKER_CRASHED' });
    await within('the drain', runtime.drain());
    assert.deepEqual(infoOf(runtime, 'chain').stats.cancelled, 3);
    await allServe(runtime);
  },
  ['process'],
);

testEach('what is not waited for is cancelled when its caller ends, and harms nobody', async (_t, open) => {
  const { runtime } = await open(
    { max: 1, killGrace: 50 },
    {
      ...files,
      'functions/forget.js': `
        export default (args, ctx) => {
          ctx.invoke('wait', 600_000);
          globalThis.late = () => ctx.invoke('echo', 1);
        };`,
      'functions/late.js': 'export default () => globalThis.late?.().catch((error) => error.message);',
    },
  );
  const forgetful = runtime.invoke('forget');
  await within('its end', forgetful);
  await within('the drain', runtime.drain());
  assert.deepEqual(infoOf(runtime, 'wait').stats.cancelled, 1);
  assert(runtime.stats().workers.some(({ id }) => id === forgetful.report?.worker));
  const messages = await Promise.all(runtime.stats().workers.map(() => runtime.invoke('late')));
  assert(
    messages.every(
      (message) => message === undefined || /invocation of "forget" has ended/.test(String(message)),
    ),
  );
});

testEach('a function gives a call up by a signal of its own', async (_t, open) => {
  const { runtime } = await open(
    { max: 1, killGrace: 50 },
    {
      ...files,
      'functions/impatient.js': `
        export default async (early, ctx) => {
          const controller = new AbortController();
          if (early) controller.abort('at once');
          const call = ctx.invoke('wait', 600_000, { signal: controller.signal });
          controller.abort('too slow');
          return call.catch(({ code, cause }) => ({ code, cause }));
        };`,
    },
  );
  assert.deepEqual(await runtime.invoke('impatient'), { code: 'CANCELLED', cause: 'too slow' });
  assert.deepEqual(await runtime.invoke('impatient', true), { code: 'CANCELLED', cause: 'at once' });
  await allServe(runtime);
});

testEach('a function that was told to end can begin nothing new', async (_t, open) => {
  const { project, runtime } = await open(
    { max: 1, killGrace: '60s' },
    {
      ...files,
      'functions/stubborn.js': `
        import fs from 'node:fs';
        import { once } from 'node:events';
        export default async (args, ctx) => {
          const aborted = once(ctx.signal, 'abort');
          fs.writeFileSync(new URL('../listens', import.meta.url), '');
          await aborted;
          const told = await ctx.invoke('echo', 1).catch(({ code }) => code);
          fs.writeFileSync(new URL('../told-' + told, import.meta.url), '');
        };`,
    },
  );
  const stubborn = runtime.invoke('stubborn');
  await until('it to listen', () => project.has('listens'));
  stubborn.cancel();
  await assert.rejects(stubborn, { code: 'CANCELLED' });
  await within('the drain', runtime.drain());
  assert.equal(project.has('told-CANCELLED'), true);
  assert.equal(infoOf(runtime, 'echo').stats.invocations, 0);
});

testEach('while the runtime closes, what runs can still call others', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const tree = runtime.invoke('tree', { depth: 3, width: 2 });
  await until('it to run', () => tree.status === 'running');
  const closed = runtime.close();
  assert.equal(await within('its end', tree), 8);
  await within('the close', closed);
});

testEach('a close with a deadline ends a chain of waiting functions', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const chain = runtime.invoke('chain', { depth: 3, how: 'spin' });
  await until('all of them to run', () => runtime.stats().running === 4);
  const closed = runtime.close({ timeout: 50 });
  await assert.rejects(chain, { code: 'RUNTIME_CLOSED' });
  await within('the close', closed);
});
