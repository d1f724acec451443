import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError, FunctionError, type Invocation } from 'warm-pool';
import { meet, notesOf, tellAndSpin, testEach } from '../conformance/support.ts';
import { files, nothingIsLeft } from '../conformance/support-map.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

const pool = { min: 3, max: 3, killGrace: 50 };

/** Nobody is killed who ends when its signal says so, however long that takes. */
const patient = { ...pool, killGrace: '60s' };

const fail = {
  'functions/fail.js': "export default (what) => { throw new RangeError('no ' + what); };",
};

/** All of them are in the hands of a worker. */
function untilAllRun(invocations: readonly Invocation[]): Promise<boolean> {
  return until('all to run', () => invocations.every(({ status }) => status === 'running'));
}

const statusesOf = (invocations: readonly Invocation[]) => invocations.map(({ status }) => status);

testEach(
  'Promise.any gives the first result; the workers of losers that mind their signal are free at once',
  async (_t, open) => {
    const opened = await open(patient, files);
    const { project, runtime } = opened;
    const before = await meet(opened, 3);
    const invocations = ['a', 'b', 'c'].map((name) => runtime.invoke<string>('gate', name));
    await untilAllRun(invocations);
    project.write('b', '');
    assert.equal(await within('the first', Promise.any(invocations)), 'b');
    for (const invocation of invocations) invocation.cancel('another was first');
    assert.deepEqual(statusesOf(invocations), ['cancelled', 'succeeded', 'cancelled']);
    // The same three: none had to be killed.
    assert.deepEqual((await meet(opened, 3)).sort(), before.sort());
    for (const loser of [invocations[0], invocations[2]] as Invocation[])
      assert.equal((await rejectionOf(loser, CancelledError)).cause, 'another was first');
    await nothingIsLeft(runtime);
  },
);

testEach(
  'the worker of a loser that does not listen is killed and replaced, and that of the winner stays',
  async (_t, open) => {
    const opened = await open(pool, { 'functions/deaf.js': tellAndSpin });
    const { runtime } = opened;
    const before = await meet(opened, 3);
    const losers = [runtime.invoke('deaf'), runtime.invoke('deaf')];
    for (const { progress } of losers) await within('its begin', progress[Symbol.asyncIterator]().next());
    const winner = runtime.invoke<string>('who');
    const who = await within('the first', Promise.any([...losers, winner]));
    for (const loser of losers) loser.cancel();
    await Promise.allSettled(losers);
    const after = await meet(opened, 3);
    assert.deepEqual(
      after.filter((worker) => before.includes(worker)),
      [who],
    );
    await nothingIsLeft(runtime);
  },
);

testEach(
  'one AbortController for all lets go of all losers, and those that wait never run',
  async (_t, open) => {
    const opened = await open({ ...pool, min: 1, max: 1 }, files);
    const { project, runtime } = opened;
    const losers = new AbortController();
    const { signal } = losers;
    project.write('a', '');
    const invocations = [
      runtime.invoke('gate', 'a', { signal }),
      runtime.invoke('gate', 'b', { signal }),
      runtime.invoke('note', 'ran', { signal }),
    ];
    assert.equal(await within('the first', Promise.any(invocations)), 'a');
    losers.abort();
    assert.deepEqual(statusesOf(invocations), ['succeeded', 'cancelled', 'cancelled']);
    await nothingIsLeft(runtime);
    assert.equal(await runtime.invoke('echo', 'the next'), 'the next');
    assert.deepEqual(notesOf(opened), []);
  },
);

testEach(
  'Promise.any passes over those that fail, and rejects with the errors of all when all do',
  async (_t, open) => {
    const { runtime } = await open(pool, fail);
    const first = Promise.any([runtime.invoke('fail', 'photo'), runtime.invoke('wait', 20)]);
    assert.equal(await within('the first', first), 'waited');
    const none = Promise.any(['photo', 'film'].map((what) => runtime.invoke('fail', what)));
    const { errors } = await rejectionOf(none, AggregateError);
    assert.deepEqual(
      errors.map((error) => error instanceof FunctionError && (error.cause as Error).message),
      ['no photo', 'no film'],
    );
  },
);

testEach('wait for the first to complete: Promise.race settles with it, be it an error', async (_t, open) => {
  const { project, runtime } = await open(pool, { ...files, ...fail });
  const slow = runtime.invoke<string>('gate', 'a');
  const error = await rejectionOf(Promise.race([slow, runtime.invoke('fail', 'photo')]), FunctionError);
  assert.match(error.message, /no photo/);
  assert.equal(await within('a result', Promise.race([slow, runtime.invoke('echo', 1)])), 1);
  assert.equal(slow.status, 'running', 'the others go on');
  project.write('a', '');
  assert.equal(await within('the slow one', slow), 'a');
});

testEach(
  'wait for the first exception: Promise.all rejects with it, and a cancel ends the others',
  async (_t, open) => {
    const { runtime } = await open(pool, { ...files, ...fail });
    const others = [runtime.invoke('gate', 'a'), runtime.invoke('gate', 'b')];
    await untilAllRun(others);
    const all = Promise.all([...others, runtime.invoke('fail', 'photo')]);
    assert.match((await rejectionOf(all, FunctionError)).message, /no photo/);
    assert.deepEqual(statusesOf(others), ['running', 'running']);
    for (const other of others) other.cancel();
    await nothingIsLeft(runtime);
    assert.deepEqual(await Promise.all([1, 2, 3].map((each) => runtime.invoke('echo', each))), [1, 2, 3]);
  },
);

testEach('wait for all to complete: Promise.allSettled tells how each has ended', async (_t, open) => {
  const { runtime } = await open(pool, { ...files, ...fail });
  const invocations = [
    runtime.invoke('echo', 1),
    runtime.invoke('fail', 'photo'),
    runtime.invoke('gate', 'a'),
    runtime.invoke('spin', undefined, { timeout: 50 }),
  ];
  invocations[2]?.cancel();
  const outcomes = await within('all', Promise.allSettled(invocations));
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code)),
    [1, 'FUNCTION_FAILED', 'CANCELLED', 'TIMEOUT'],
  );
  assert.deepEqual(statusesOf(invocations), ['succeeded', 'failed', 'cancelled', 'timedOut']);
});

testEach(
  'wait with a timeout: a race with a timer leaves them running, and their status tells which are done',
  async (_t, open) => {
    const { project, runtime } = await open(pool, files);
    const quick = runtime.invoke('echo', 1);
    const slow = runtime.invoke('gate', 'a');
    const all = Promise.allSettled([quick, slow]);
    await quick;
    assert.equal(await Promise.race([all, delay(50, 'too late')]), 'too late');
    const isDone = ({ status }: Invocation) => status !== 'queued' && status !== 'running';
    assert.deepEqual([quick, slow].map(isDone), [true, false]);
    project.write('a', '');
    await within('all', all);
    assert.deepEqual([quick, slow].map(isDone), [true, true]);
  },
);

testEach(
  'as_completed: map without order gives results as they are there, and leaving it frees the workers of the rest',
  async (_t, open) => {
    const opened = await open(patient, files);
    const { project, runtime } = opened;
    const before = await meet(opened, 3);
    const order: string[] = [];
    for (const name of ['b', 'c']) {
      const source = ['a', 'b', 'c'];
      const results = runtime.map<string>('gate', source, { ordered: false, concurrency: 3 });
      const first = results.next();
      await until('all to run', () => runtime.stats().running === 3);
      project.write(name, '');
      order.push((await within('the first', first)).value as string);
      await results.return();
      project.remove(name);
    }
    assert.deepEqual(order, ['b', 'c']);
    assert.deepEqual((await meet(opened, 3)).sort(), before.sort());
    await nothingIsLeft(runtime);
  },
);
