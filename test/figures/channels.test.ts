import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { TestContext } from 'node:test';
import type { RuntimeEvent } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { until, within } from '../support/wait.ts';

/** As the documentation lists them. */
const invocationTypes = ['invocation:queued', 'invocation:started', 'invocation:ended'];
const workerTypes = ['worker:starting', 'worker:ready', 'worker:exited'];
const functionTypes = ['function:loaded', 'function:failed', 'function:removed'];

type Told = RuntimeEvent & { readonly root: string };

/** Subscribes to the channels of these types, and keeps what they tell in its order. */
function listen(t: TestContext, types: readonly string[]) {
  const told: { readonly channel: string; readonly event: Told }[] = [];
  const listener = (event: unknown, channel: string | symbol) =>
    void told.push({ channel: String(channel), event: event as Told });
  for (const type of types) subscribe(`warm-pool:${type}`, listener);
  const leave = () => {
    for (const type of types) unsubscribe(`warm-pool:${type}`, listener);
  };
  t.after(leave);
  return { told, leave };
}

testEach('subscribers of diagnostics_channel are told the way of an invocation', async (t, open) => {
  const { project, runtime } = await open({ max: 1 });
  const { told, leave } = listen(t, invocationTypes);
  const invocation = runtime.invoke('echo');
  await invocation;
  assert.deepEqual(
    told.map(({ event }) => [event.type, event.root, 'invocationId' in event && event.invocationId]),
    invocationTypes.map((type) => [type, project.root, invocation.id]),
  );
  leave();
  await runtime.invoke('echo');
  assert.equal(told.length, 3);
});

testEach(
  'each channel has the events of its type that a reader has, with the project',
  async (t, open, isolation) => {
    const die = { 'functions/die.js': 'export default () => process.exit(3);' };
    const config = { pool: { isolation, max: 1 } };
    const { project, runtime } = await open({}, die, { hotReload: true, config });
    const types = [...invocationTypes, ...workerTypes, ...functionTypes];
    const { told } = listen(t, types);
    const has = (type: string) => told.some(({ event }) => event.type === type);
    const read: RuntimeEvent[] = [];
    const done = (async () => {
      for await (const event of runtime.events()) if (event.type !== 'dropped') read.push(event);
    })();
    await runtime.invoke('die').catch(() => {});
    await runtime.invoke('echo', 1);
    project.write('functions/more.js', 'export default () => {};');
    await until('a new one', () => has('function:loaded'));
    project.write('functions/more.js', `throw new RangeError('no codec');`);
    await until('one that fails', () => has('function:failed'));
    project.remove('functions/more.js');
    await until('one that is gone', () => has('function:removed'));
    await within('the close', runtime.close());
    await within('the end of the events', done);
    for (const type of types) assert(has(type), type);
    assert.deepEqual(
      told,
      read.map((event) => ({ channel: `warm-pool:${event.type}`, event: { ...event, root: project.root } })),
    );
  },
);
