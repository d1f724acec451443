import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import {
  CancelledError,
  InvalidInputError,
  type Runtime,
  RuntimeClosedError,
  SerializationError,
  TimeoutError,
  WorkerCrashedError,
} from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

// Of the package that runs here, which is not what the tests of its parts import.
const built = new URL('../../dist/runtime/channel/arena.js', import.meta.url).href;
const { Arena, arenaBytes } = (await import(built)) as typeof import('../../runtime/channel/arena.ts');

const skip = fs.existsSync('/dev/shm') ? false : 'this platform has no folder in memory';

const files = {
  'functions/length.js': 'export default ({ bytes }) => bytes.length;',
  'functions/sum.js': 'export default ({ bytes }) => bytes.reduce((sum, byte) => sum + byte, 0);',
  'functions/fail.js': `export default () => { throw new Error('it failed'); };`,
  'functions/exit.js': 'export default () => process.exit(3);',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (_, { signal }) => setTimeout(60_000, undefined, { signal });`,
  'functions/picky.js': `
    import { defineFunction } from 'warm-pool';
    const validate = () => ({ issues: [{ message: 'never' }] });
    export default defineFunction({
      input: { '~standard': { version: 1, vendor: 'test', validate } },
      handler() {},
    });`,
  'functions/twice.js': `
    import { defineFunction } from 'warm-pool';
    export default defineFunction({
      retry: { attempts: 3, backoff: 1, on: ['WORKER_CRASHED'] },
      handler({ bytes }, { attempt }) {
        if (attempt < 3) process.kill(process.pid, 'SIGKILL');
        return bytes.reduce((sum, byte) => sum + byte, 0);
      },
    });`,
  // It blocks its worker, so that what was handed ahead stays there, until there is a file.
  'functions/block.js': `
    import fs from 'node:fs';
    export default ({ until }) => { while (until && !fs.existsSync(until)); };`,
};

const megabyte = 2 ** 20;
const bytes = Buffer.alloc(megabyte, 1);

/** Each is a way in which a call with a large argument ends. */
const endings: [how: string, end: (runtime: Runtime) => Promise<unknown>][] = [
  ['returns', (runtime) => runtime.invoke('length', { bytes })],
  ['throws', (runtime) => rejectionOf(runtime.invoke('fail', { bytes }), Error)],
  ['is not valid', (runtime) => rejectionOf(runtime.invoke('picky', { bytes }), InvalidInputError)],
  ['ends its process', (runtime) => rejectionOf(runtime.invoke('exit', { bytes }), WorkerCrashedError)],
  [
    'is out of time',
    (runtime) => rejectionOf(runtime.invoke('wait', { bytes }, { timeout: 20 }), TimeoutError),
  ],
  [
    'is cancelled while it runs',
    async (runtime) => {
      const invocation = runtime.invoke('wait', { bytes });
      await until('it to run', () => invocation.status === 'running');
      invocation.cancel();
      await rejectionOf(invocation, CancelledError);
    },
  ],
  [
    'is cancelled while it waits',
    async (runtime) => {
      const first = runtime.invoke('wait', {});
      const waiting = runtime.invoke('length', { bytes });
      waiting.cancel();
      first.cancel();
      for (const each of [first, waiting]) await rejectionOf(each, CancelledError);
    },
  ],
  [
    'is tried again after crashes',
    async (runtime) => assert.equal(await runtime.invoke('twice', { bytes }), megabyte),
  ],
  [
    'can not be sent',
    (runtime) => rejectionOf(runtime.invoke('length', { bytes, run() {} }), SerializationError),
  ],
  [
    'has an option that makes no sense',
    (runtime) => rejectionOf(runtime.invoke('length', { bytes }, { timeout: 'soon' }), TypeError),
  ],
  ['has a function that is not there', (runtime) => rejectionOf(runtime.invoke('nope', { bytes }), Error)],
  [
    'has a signal that is aborted already',
    (runtime) =>
      rejectionOf(runtime.invoke('length', { bytes }, { signal: AbortSignal.abort() }), CancelledError),
  ],
];

for (const [how, end] of endings) {
  test(`the room of a large argument is free again when its call ${how}`, { skip }, async (t) => {
    const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
    const arena = Arena.current ?? assert.fail('there is none');
    await within('its end', end(runtime));
    // A function that was given up may take a moment to end; what waits behind it can have its worker then.
    assert.equal(await within('one more', runtime.invoke('sum', { bytes })), megabyte);
    await until('its room to be free', () => arena.freeBytes === arenaBytes);
  });
}

test('a large argument lies in the arena while its call waits or runs', { skip }, async (t) => {
  const { runtime, project } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const arena = Arena.current ?? assert.fail('there is none');
  const first = runtime.invoke('block', { bytes, until: project.path('go') });
  const second = runtime.invoke('length', { bytes });
  assert.equal(arena.freeBytes, arenaBytes - 2 * megabyte);
  project.write('go', '');
  await within('both', Promise.all([first, second]));
  assert.equal(arena.freeBytes, arenaBytes);
});

test('what was handed ahead with large arguments and taken back runs with the right ones', {
  skip,
}, async (t) => {
  const { runtime, project } = await runProject(t, files, { config: { pool: { min: 2, max: 2 } } });
  const arena = Arena.current ?? assert.fail('there is none');
  for (let round = 0; round < 20; round++) {
    await within('a round', Promise.all(Array.from({ length: 50 }, () => runtime.invoke('block', {}))));
  }
  const blocked = runtime.invoke('block', { until: project.path('go') });
  const sent = Array.from({ length: 60 }, (_, index) => {
    const length = 70_000 + index;
    return { invocation: runtime.invoke('length', { bytes: randomFillSync(Buffer.alloc(length)) }), length };
  });
  const [cancelled, kept] = [
    sent.filter((_, index) => index % 3 === 0),
    sent.filter((_, index) => index % 3 > 0),
  ];
  for (const { invocation } of cancelled) invocation.cancel();
  await within('the cancelled', Promise.allSettled(cancelled.map(({ invocation }) => invocation)));
  const lengths = await within('the others', Promise.all(kept.map(({ invocation }) => invocation)));
  assert.deepEqual(
    lengths,
    kept.map(({ length }) => length),
  );
  project.write('go', '');
  await within('the one that blocked', blocked);
  await until('all room to be free', () => arena.freeBytes === arenaBytes);
});

test('a close with a deadline frees the room of all calls, and the memory goes with the last worker', {
  skip,
}, async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const calls = [1, 2, 3].map(() => runtime.invoke('wait', { bytes }));
  const ends = Promise.all(calls.map((call) => rejectionOf(call, RuntimeClosedError)));
  await within('the close', runtime.close({ timeout: 0 }));
  await within('the calls', ends);
  assert.equal(Arena.current, undefined);
});
