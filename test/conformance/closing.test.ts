import assert from 'node:assert/strict';
import { CancelledError, type Invocation, type Runtime, RuntimeClosedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { type Isolation, testEach } from './support.ts';

const die = `export default async (ms) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  process.exit(1);
};`;

const stubborn = `
  export default () => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => {});
    return new Promise((resolve) => setTimeout(resolve, 60_000));
  };`;

const pause = `export default (ms) => ms > 0 && new Promise((resolve) => setTimeout(resolve, ms));`;

const parent = `export default (_, { invoke }) => Promise.all([invoke('pause', 60_000), invoke('pause', 60_000)]);`;

const pool = { min: 2, max: 2, killGrace: '10 min' };

/** The processes of its workers that are not this one. */
function pidsOf(runtime: Runtime, isolation: Isolation): number[] {
  const pids = runtime.stats().workers.map(({ pid }) => pid as number);
  assert(pids.length > 0);
  return isolation === 'process' ? pids : [];
}

async function assertGone(runtime: Runtime, pids: readonly number[]): Promise<void> {
  assert.deepEqual(runtime.stats().workers, []);
  for (const pid of pids) assert.equal(await isAlive(pid), false, `worker ${pid} is still there`);
}

testEach(
  'close finishes what runs and what waits, and then no process is left',
  async (_t, open, isolation) => {
    const { runtime } = await open(pool);
    const running = [runtime.invoke('wait', 200), runtime.invoke('wait', 200)];
    const waiting = Array.from({ length: 20 }, (_, index) => runtime.invoke('echo', index));
    await until('two workers', () => runtime.stats().running === 2);
    const pids = pidsOf(runtime, isolation);
    const closing = runtime.close();
    await rejectionOf(runtime.invoke('echo'), RuntimeClosedError);
    await within('the close', closing);
    assert.deepEqual(await Promise.all(running), ['waited', 'waited']);
    assert.deepEqual(
      await Promise.all(waiting),
      waiting.map((_, index) => index),
    );
    await assertGone(runtime, pids);
  },
);

testEach(
  'what runs and waits at the deadline of a close is a RuntimeClosedError, and its workers are killed',
  async (_t, open, isolation) => {
    const { runtime } = await open(pool, { 'functions/stubborn.js': stubborn });
    const running = [runtime.invoke('spin'), runtime.invoke('stubborn')];
    const waiting = [runtime.invoke('echo', 1), runtime.invoke('spin')];
    await until('two workers', () => runtime.stats().running === 2);
    const pids = pidsOf(runtime, isolation);
    const invocations: Invocation[] = [...running, ...waiting];
    const ended = Promise.all(invocations.map((each) => rejectionOf(each, RuntimeClosedError)));
    await within('the close', runtime.close({ timeout: '100ms' }));
    for (const [index, error] of (await ended).entries()) {
      assert.equal(error.code, 'RUNTIME_CLOSED');
      assert.equal(error.invocationId, invocations[index]?.id);
      assert.equal(error.functionName, invocations[index]?.functionName);
      const was =
        index < running.length ? /was running when .* and has been killed/ : /can't run: the runtime/;
      assert.match(error.message, was);
    }
    assert.deepEqual(
      invocations.map(({ status }) => status),
      ['failed', 'failed', 'failed', 'failed'],
    );
    await assertGone(runtime, pids);
  },
);

/** What keeps a worker from its end: in a run, or behind the last one. */
const endless: [what: string, name: string, files: Record<string, string>][] = [
  ['an endless loop', 'spin', {}],
  ['a function that ignores all signals', 'stubborn', { 'functions/stubborn.js': stubborn }],
  [
    'a teardown that never ends',
    'set-up',
    {
      'functions/set-up.mjs': `
        import { defineFunction } from 'warm-pool';
        export default defineFunction({
          setup: () => {},
          teardown: () => { for (;;); },
          handler: () => {},
        });`,
    },
  ],
];

/** For what is over in less than a second, in a test that would take as long as `killGrace` or longer without it. */
const muchLessThanGraceMs = 20_000;

for (const [what, name, files] of endless) {
  testEach(`a close waits no longer than it is told to for ${what}`, async (_t, open, isolation) => {
    const { runtime } = await open({ max: 1, killGrace: '60s' }, files);
    const invocation = runtime.invoke(name);
    if (name === 'set-up') await within('the set-up', invocation);
    else await until('it to run', () => invocation.status === 'running');
    const ended = Promise.allSettled([invocation]);
    const pids = pidsOf(runtime, isolation);
    await within('the close', runtime.close({ timeout: 100 }), muchLessThanGraceMs);
    const [outcome] = await within('its end', ended);
    if (name !== 'set-up')
      assert(outcome.status === 'rejected' && outcome.reason instanceof RuntimeClosedError);
    await assertGone(runtime, pids);
  });
}

testEach('what waits behind a nested one at the deadline of a close is told as well', async (_t, open) => {
  const { runtime } = await open(
    { min: 2, max: 2 },
    { 'functions/pause.js': pause, 'functions/parent.js': parent },
  );
  // So short that the next one is handed over behind the one that runs.
  await within('short ones', Promise.all(Array.from({ length: 100 }, () => runtime.invoke('pause', 0))));
  const events = runtime.events()[Symbol.asyncIterator]();
  const calling = rejectionOf(runtime.invoke('parent'), RuntimeClosedError);
  for (let paused = 0; paused < 2; ) {
    const { value } = await within('the nested ones to run', events.next());
    if (value?.type === 'invocation:started' && value.functionName === 'pause') paused++;
  }
  const behind = rejectionOf(runtime.invoke('pause', 0), RuntimeClosedError);
  await within('the close', runtime.close({ timeout: 50 }));
  await within('the caller', calling);
  await within('the one behind', behind);
});

testEach('a close of what is closed resolves, and nothing can be invoked or started', async (_t, open) => {
  const { runtime } = await open(pool);
  await within('the close', runtime.close());
  await within('the others', Promise.all([runtime.close(), runtime.close({ timeout: 0 }), runtime.drain()]));
  const invocation = runtime.invoke('echo', 1);
  const error = await rejectionOf(invocation, RuntimeClosedError);
  assert.equal(error.functionName, 'echo');
  assert.equal(error.invocationId, invocation.id);
  await rejectionOf(runtime.start(), RuntimeClosedError);
});

testEach(
  'a cancel and then a close: the caller is told of the cancel, and the close kills',
  async (_t, open, isolation) => {
    const { runtime } = await open({ max: 1, killGrace: '50ms' });
    const running = runtime.invoke('spin');
    const waiting = runtime.invoke('echo', 1);
    await until('it to run', () => running.status === 'running');
    const pids = pidsOf(runtime, isolation);
    running.cancel();
    waiting.cancel();
    const ended = Promise.all([running, waiting].map((each) => rejectionOf(each, CancelledError)));
    await within('the close', runtime.close());
    await ended;
    await assertGone(runtime, pids);
  },
);

testEach('cancel, crash and close at the same moment: each invocation settles, always', async (_t, open) => {
  for (let round = 0; round < 5; round++) {
    const { runtime } = await open({ min: 2, max: 2, killGrace: 10 }, { 'functions/die.js': die });
    const invocations = Array.from({ length: 30 }, (_, index) =>
      runtime.invoke(index % 3 === 0 ? 'die' : 'wait', index, { timeout: 30 + index }),
    );
    const settled = Promise.allSettled(invocations);
    await until('the first end', () => invocations.some(({ status }) => !/queued|running/.test(status)));
    for (const [index, invocation] of invocations.entries()) if (index % 2 === 0) invocation.cancel();
    const closing = runtime.close({ timeout: 20 * round });
    await within('all of them', settled);
    await within('the close', closing);
    assert(invocations.every(({ status }) => status !== 'queued' && status !== 'running'));
  }
});
