import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import os from 'node:os';
import { CancelledError, RuntimeClosedError, SerializationError } from 'warm-pool';
import { assertGone, notesOf, testEach, whoIs } from '../conformance/support.ts';
import { files } from '../conformance/support-map.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

// What docs/compared.md has as the counterpart of something, and that no other test is about.

testEach('what waits can be cancelled before a close, which finishes what has begun', async (_t, open) => {
  const opened = await open({ max: 1 }, files);
  const { project, runtime } = opened;
  const running = runtime.invoke('gate', 'open');
  await until('it to run', () => running.status === 'running');
  const waiting = [1, 2, 3].map(() => runtime.invoke('note', 'ran'));
  for (const invocation of [running, ...waiting]) if (invocation.status === 'queued') invocation.cancel();
  const closed = runtime.close();
  for (const invocation of waiting) await rejectionOf(invocation, CancelledError);
  assert.equal(running.status, 'running');
  project.write('open', '');
  assert.equal(await within('what ran', running), 'open');
  await within('the close', closed);
  assert.deepEqual(notesOf(opened), []);
});

testEach(
  'each worker has globals and modules of its own, and keeps them from one invocation to the next',
  async (_t, open) => {
    const { runtime } = await open(
      { min: 2, max: 2 },
      {
        'functions/_kept.js': 'export const kept = { count: 0 };',
        'functions/count.js': `
          import { threadId } from 'node:worker_threads';
          import { setTimeout } from 'node:timers/promises';
          import { kept } from './_kept.js';
          globalThis.own ??= 0;
          export default async (ms) => {
            await setTimeout(ms);
            return { who: process.pid + '.' + threadId, counts: [++kept.count, ++globalThis.own] };
          };`,
      },
    );
    type Counted = { who: string; counts: [number, number] };
    const answers = await Promise.all([30, 30, 30, 30].map((ms) => runtime.invoke<Counted>('count', ms)));
    const workers = new Set(answers.map(({ who }) => who));
    assert.equal(workers.size, 2);
    for (const worker of workers) {
      const own = answers.filter(({ who }) => who === worker).map(({ counts }) => counts);
      assert.deepEqual(
        own.sort(([one], [other]) => one - other),
        own.map((_, index) => [index + 1, index + 1]),
      );
    }
    assert.equal('own' in globalThis, false);
  },
);

testEach(
  'what a module does at its top is done once in each worker, before the worker takes anything',
  async (_t, open) => {
    const begin = `
      import fs from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      await setTimeout(20);
      fs.appendFileSync(new URL('../notes', import.meta.url), 'begun;');`;
    const opened = await open(
      { min: 2, max: 2 },
      {
        'functions/_begin.mjs': begin,
        'functions/one.mjs': "import './_begin.mjs'; export default () => 1;",
        'functions/two.mjs': "import './_begin.mjs'; export default () => 2;",
      },
    );
    assert.deepEqual(notesOf(opened), ['begun', 'begun']);
    const { runtime } = opened;
    assert.deepEqual(await Promise.all([runtime.invoke('one'), runtime.invoke('two')]), [1, 2]);
    assert.deepEqual(notesOf(opened), ['begun', 'begun']);
  },
);

testEach(
  'a module may make the workers that load it nicer than the program',
  async (_t, open) => {
    const own = os.getPriority();
    const { runtime } = await open(
      { min: 1, max: 1 },
      {
        'functions/nice.js': `
          import os from 'node:os';
          os.setPriority(os.constants.priority.PRIORITY_LOW);
          export default () => process.pid;`,
      },
    );
    const pid = await runtime.invoke<number>('nice');
    assert.equal(os.getPriority(pid), os.constants.priority.PRIORITY_LOW);
    assert.equal(os.getPriority(), own);
  },
  // All threads of a program have its priority.
  ['process'],
);

testEach('AsyncLocalStorage has after an invocation what it had before', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  const storage = new AsyncLocalStorage<string>();
  const seen = ['a', 'b'].map((user) =>
    storage.run(user, async () => {
      const results: unknown[] = [await runtime.invoke('echo', 1), storage.getStore()];
      for await (const _ of runtime.map('echo', [1, 2])) results.push(storage.getStore());
      return results;
    }),
  );
  assert.deepEqual(await Promise.all(seen), [
    [1, 'a', 'a', 'a'],
    [1, 'b', 'b', 'b'],
  ]);
});

testEach('a MessagePort is told to be none of the values that can be sent', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  const { port1 } = new MessageChannel();
  try {
    const { path, message } = await rejectionOf(runtime.invoke('echo', { port: port1 }), SerializationError);
    assert.match(message, /a MessagePort can't be sent/);
    assert.match(path, /\bport$/);
    const transfer = [port1] as unknown as ArrayBuffer[];
    await rejectionOf(runtime.invoke('echo', port1, { transfer }), TypeError);
  } finally {
    port1.close();
  }
});

testEach('a close with a timeout of 0 kills what runs at once, and waits for nothing', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: '60s' });
  const worker = await whoIs(runtime);
  const running = runtime.invoke('spin');
  await until('it to run', () => running.status === 'running');
  const invocations = [running, runtime.invoke('echo', 1)];
  const ended = Promise.all(invocations.map((each) => rejectionOf(each, RuntimeClosedError)));
  await within('the close', runtime.close({ timeout: 0 }));
  await within('their ends', ended);
  await assertGone([worker]);
});

testEach(
  'the young generation of a worker is as large as --max-semi-space-size lets it be',
  async (_t, open, isolation) => {
    const limitOf = async (megabytes: number) => {
      const { runtime } = await open(
        { max: 1, execArgv: ['--max-old-space-size=100', `--max-semi-space-size=${megabytes}`] },
        {
          'functions/limit.js': `
            import v8 from 'node:v8';
            import { resourceLimits } from 'node:worker_threads';
            export default () =>
              resourceLimits.maxYoungGenerationSizeMb ?? v8.getHeapStatistics().heap_size_limit / 2 ** 20;`,
        },
      );
      return runtime.invoke<number>('limit');
    };
    // It has three semi-spaces.
    assert.equal((await limitOf(32)) - (await limitOf(8)), 3 * 24, isolation);
  },
);
