import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DroppedEvents, EventOptions, Runtime, RuntimeEvent } from 'warm-pool';
import { poolText, testEach } from '../conformance/support.ts';
import { startProgram } from '../runtime/support-program.ts';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until, within } from '../support/wait.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/die.js': 'export default () => process.exit(3);',
};

const config = { pool: { max: 1 } };

/** Reads on and on; what has come is in the list. */
function gather(runtime: Runtime, buffer?: number) {
  const events: (RuntimeEvent | DroppedEvents)[] = [];
  const done = (async () => {
    for await (const event of runtime.events(buffer === undefined ? {} : { buffer })) events.push(event);
  })();
  return { events, done };
}

const typesOf = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);

testEach('events tell the way of an invocation, with what names it', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const { events, done } = gather(runtime);
  const before = Date.now();
  const first = runtime.invoke('echo', 1);
  const second = runtime.invoke('echo', 2);
  await Promise.all([first, second]);
  second.cancel();
  await rejectionOf(runtime.invoke('echo', 3, { signal: AbortSignal.abort() }), Error);
  await within('the close', runtime.close());
  await within('the end of the events', done);
  const ofSecond = events.filter((event) => 'invocationId' in event && event.invocationId === second.id);
  assert.deepEqual(typesOf(ofSecond), ['invocation:queued', 'invocation:started', 'invocation:ended']);
  for (const event of ofSecond) {
    assert('functionName' in event && 'attempt' in event);
    const { functionName, pool, attempt, at } = event;
    assert.deepEqual({ functionName, pool, attempt }, { functionName: 'echo', pool: 'default', attempt: 1 });
    assert(at >= before && at <= Date.now());
  }
  const [, started, ended] = ofSecond;
  assert(started?.type === 'invocation:started' && started.worker === second.report?.worker);
  assert(ended?.type === 'invocation:ended');
  assert.deepEqual([ended.status, ended.durationMs], ['succeeded', second.report?.durationMs]);
  const last = events.filter(({ type }) => type === 'invocation:ended').at(-1);
  assert(last?.type === 'invocation:ended');
  assert.deepEqual([last.status, last.durationMs], ['cancelled', undefined]);
});

testEach('each attempt of a retry is told, and one end', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const { events, done } = gather(runtime);
  await runtime.invoke('die', 1, { retry: { attempts: 2, backoff: 1 } }).catch(() => {});
  await within('the close', runtime.close());
  await done;
  const own = events.filter((event) => event.type.startsWith('invocation:')) as {
    type: string;
    attempt: number;
  }[];
  assert.deepEqual(
    own.map(({ type, attempt }) => `${type} ${attempt}`),
    ['queued 1', 'started 1', 'queued 2', 'started 2', 'ended 2'].map((each) => `invocation:${each}`),
  );
});

testEach('events tell the life of workers, and why they end', async (_t, open, isolation) => {
  const { runtime } = await open({ max: 1 }, files);
  const { events, done } = gather(runtime);
  const [first] = runtime.stats().workers;
  await runtime.invoke('die').catch(() => {});
  await runtime.invoke('echo');
  const [second] = runtime.stats().workers;
  await within('the close', runtime.close());
  await done;
  const ofWorkers = events.filter((event) => event.type.startsWith('worker:')) as Extract<
    RuntimeEvent,
    { worker: number }
  >[];
  assert.deepEqual(
    ofWorkers.map(({ type, worker, pool }) => `${type} ${worker} ${pool}`),
    ['worker:exited 1', 'worker:starting 2', 'worker:ready 2', 'worker:exited 2'].map(
      (each) => `${each} default`,
    ),
  );
  // A process has a pid, a thread a threadId.
  const placeOf = ({ pid, threadId }: { pid?: number | undefined; threadId?: number | undefined } = {}) => {
    const [own, none] = isolation === 'process' ? [pid, threadId] : [threadId, pid];
    assert(own !== undefined && none === undefined, `pid ${pid}, threadId ${threadId}`);
    return own;
  };
  assert.deepEqual(
    ofWorkers.map((event) => 'pid' in event && placeOf(event)),
    [first, second, second, second].map(placeOf),
  );
  const [crashed, , , closed] = ofWorkers;
  assert(crashed?.type === 'worker:exited' && closed?.type === 'worker:exited');
  assert.deepEqual([crashed.reason, crashed.exitCode, crashed.signal], ['crashed', 3, null]);
  assert.equal(closed.reason, 'closed');
});

testEach('events tell which functions were loaded, failed and removed', async (_t, open, isolation) => {
  const { project, runtime } = await open({ max: 1 }, files, {
    hotReload: true,
    config: { pool: { isolation, max: 1 } },
  });
  const { events } = gather(runtime);
  const seen = (type: string, functionName: string) =>
    until(`${type} ${functionName}`, () =>
      events.find(
        (event) => event.type === type && 'functionName' in event && event.functionName === functionName,
      ),
    );
  project.write('functions/more.js', 'export default () => {};');
  await seen('function:loaded', 'more');
  project.write('functions/echo.js', `throw new RangeError('no codec');`);
  const failed = await seen('function:failed', 'echo');
  assert(failed.type === 'function:failed');
  assert.match(failed.message, /no codec/);
  project.remove('functions/more.js');
  await seen('function:removed', 'more');
  const names = events.filter((event) => event.type.startsWith('function:'));
  assert(
    !names.some((event) => 'functionName' in event && event.functionName === 'die'),
    'nothing is new of it',
  );
});

testEach('a reader that is too slow gets the latest, and how many it missed', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const reader = runtime.events({ buffer: 10 })[Symbol.asyncIterator]();
  const { events, done } = gather(runtime);
  await Promise.all(Array.from({ length: 100 }, (_, index) => runtime.invoke('echo', index)));
  await within('the close', runtime.close());
  await done;
  const read: (RuntimeEvent | DroppedEvents)[] = [];
  for (let next = await reader.next(); !next.done; next = await reader.next()) read.push(next.value);
  const [dropped, ...rest] = read;
  assert(dropped?.type === 'dropped');
  assert.deepEqual(rest, events.slice(-10));
  assert.equal(dropped.count, events.length - 10);
});

testEach('a loop that is left is told nothing more, and others go on', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const { events } = gather(runtime);
  const reader = runtime.events()[Symbol.asyncIterator]();
  const waiting = reader.next();
  await reader.return?.();
  assert.deepEqual(await within('what it waited for', waiting), { done: true, value: undefined });
  await runtime.invoke('echo');
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
  await until('the other one', () => events.some(({ type }) => type === 'invocation:ended'));
  await runtime.close();
  for await (const event of runtime.events()) assert.fail(`${event.type} after the close`);
});

test('a buffer that is none is refused', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  for (const buffer of [0, -1, 1.5, Number.NaN, '10' as unknown as number]) {
    assert.throws(() => runtime.events({ buffer }), /the `buffer` option to be a whole number from 1/);
  }
  const none = null as unknown as EventOptions;
  assert.throws(() => runtime.events(none), /the options of `events` to be an object, got null/);
  const typo = { bufer: 5 } as EventOptions;
  assert.throws(() => runtime.events(typo), /`events` has no option `bufer`, did you mean "buffer"\?/);
});

testEach('a program does not stay for events that nobody will tell', async (t, _open, isolation) => {
  const program = startProgram(
    t,
    makeProject(t, files),
    `
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { max: 1 })} } });
    (async () => { for await (const event of runtime.events()); })();
    await runtime.invoke('echo');`,
  );
  const { code, stderr } = await program.ended;
  assert.equal(code, 0, stderr);
});
