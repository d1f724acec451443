import assert from 'node:assert/strict';
import fs from 'node:fs';
import { CancelledError, type Runtime, TimeoutError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { dying, testEach } from './support.ts';

// A worker is handed several invocations of a function that has shown to be short. Here one of them turns out long.
const files = {
  'functions/turn.js': `
    import fs from 'node:fs';
    ${dying}
    const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
    const isThere = (name) => fs.existsSync(new URL('../' + name, import.meta.url));
    export default ({ id, until, dies }) => {
      if (id !== undefined) fs.writeSync(runs, id + ';');
      // Blocks the event loop: nothing that is sent to this worker is read meanwhile.
      while (until && !isThere(until));
      if (dies) die();
      return id;
    };`,
};

/** Runs it so often that it counts as short. */
async function earnCredit(runtime: Runtime): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 200 }, () => runtime.invoke('turn', {})));
  }
}

/** One that blocks its worker until there is a file `go`, or then ends it, and some that came right behind it. */
function blockAndFollow(runtime: Runtime, count: number, dies = false) {
  const long = runtime.invoke<number>('turn', { id: 0, until: 'go', dies });
  long.catch(() => {}); // whoever awaits it is told
  const followers = Array.from({ length: count }, (_, index) =>
    runtime.invoke<number>('turn', { id: index + 1 }),
  );
  for (const follower of followers) follower.catch(() => {});
  return { long, followers };
}

const runsOf = (file: string) => fs.readFileSync(file, 'utf8').split(';').slice(0, -1).map(Number);

testEach('what was handed to a worker behind a long one runs elsewhere, once', async (_t, open) => {
  const { project, runtime } = await open({ min: 2, max: 2 }, files);
  await earnCredit(runtime);
  const { long, followers } = blockAndFollow(runtime, 100);
  const values = await within('those behind it', Promise.all(followers));
  assert.deepEqual(
    values,
    followers.map((_, index) => index + 1),
  );
  assert.equal(long.status, 'running');
  project.write('go', '');
  assert.equal(await within('the long one', long), 0);
  const runs = runsOf(project.path('runs'));
  assert.deepEqual(
    runs.toSorted((a, b) => a - b),
    Array.from({ length: 101 }, (_, id) => id),
  );
});

testEach('a function that turns long is handed over one at a time again, at once', async (_t, open) => {
  const { project, runtime } = await open({ min: 2, max: 2 }, files);
  // How much a map reads ahead is what workers may have in their hands, and as much behind it.
  const readAhead = async (go: string) => {
    let read = 0;
    function* items() {
      for (;;) {
        read++;
        yield { until: go };
      }
    }
    const results = runtime.map('turn', items());
    const first = results.next();
    await until('both workers to be taken', () => runtime.stats().running === 2);
    const ahead = read;
    project.write(go, '');
    await within('the first', first);
    await within('the end', results.return());
    return ahead;
  };
  let round = 0;
  await until('it to have shown to be short', async () => {
    await earnCredit(runtime);
    return (await readAhead(`go-${++round}`)) > 8;
  });
  await earnCredit(runtime);
  for (const go of ['long-1', 'long-2']) {
    const long = runtime.invoke('turn', { until: go });
    await until('it to run for a while', () => long.status === 'running');
    const begun = performance.now();
    await until('it to be long', () => performance.now() - begun > 20);
    project.write(go, '');
    await within('the long one', long);
  }
  const ahead = await readAhead('go');
  assert(ahead <= 4, `${ahead} were read ahead`);
});

testEach('what waits in a worker is queued, and what of it is cancelled never runs', async (_t, open) => {
  const { project, runtime } = await open({ max: 1 }, files);
  await earnCredit(runtime);
  const { long, followers } = blockAndFollow(runtime, 20);
  await until('the long one to run', () => project.has('runs') && long.status === 'running');
  assert(followers.every(({ status }) => status === 'queued'));
  assert.equal(runtime.stats().queued, 20);
  assert.equal(runtime.stats().running, 1);
  const cancelled = followers.filter((_, index) => index % 3 === 0);
  for (const follower of cancelled) follower.cancel('not needed');
  for (const follower of cancelled) await rejectionOf(follower, CancelledError);
  assert.equal(runtime.stats().queued, 20 - cancelled.length);
  project.write('go', '');
  await within('all of them', Promise.allSettled([long, ...followers]));
  const expected = [0, ...followers.map((_, index) => index + 1).filter((id) => (id - 1) % 3 !== 0)];
  assert.deepEqual(runsOf(project.path('runs')), expected);
});

testEach(
  'when the long one times out, what waited behind it runs in the next worker, in its order',
  async (_t, open) => {
    const { project, runtime } = await open({ max: 1, killGrace: 50 }, files);
    await earnCredit(runtime);
    const long = runtime.invoke('turn', { id: 0, until: 'go' }, { timeout: 300 });
    const followers = Array.from({ length: 20 }, (_, index) => runtime.invoke('turn', { id: index + 1 }));
    await rejectionOf(long, TimeoutError);
    await within('those behind it', Promise.all(followers));
    assert.deepEqual(
      runsOf(project.path('runs')),
      Array.from({ length: 21 }, (_, id) => id),
    );
  },
);

testEach('the timeout of one that waits in a worker begins when it does', async (_t, open) => {
  const { project, runtime } = await open({ max: 1 }, files);
  await earnCredit(runtime);
  const { long } = blockAndFollow(runtime, 0);
  const behind = runtime.invoke('turn', { id: 1 }, { timeout: 200 });
  const begun = performance.now();
  await until('longer than its timeout', () => performance.now() - begun > 400);
  assert.equal(behind.status, 'queued');
  project.write('go', '');
  await within('both', Promise.all([long, behind]));
});

testEach('a higher priority goes before what waits in a worker', async (_t, open) => {
  const { project, runtime } = await open({ max: 1 }, files);
  await earnCredit(runtime);
  const { long, followers } = blockAndFollow(runtime, 10);
  await until('the long one to run', () => project.has('runs') && long.status === 'running');
  const high = runtime.invoke('turn', { id: 99 }, { priority: 'high' });
  project.write('go', '');
  await within('all of them', Promise.all([long, high, ...followers]));
  assert.deepEqual(runsOf(project.path('runs')), [0, 99, ...followers.map((_, index) => index + 1)]);
});

testEach(
  'a worker that dies in the long one takes nothing with it that only waited there',
  async (_t, open) => {
    const { project, runtime } = await open({ max: 1 }, files);
    await earnCredit(runtime);
    const { long, followers } = blockAndFollow(runtime, 30, true);
    await until(
      'the long one to run',
      () => project.has('runs') && runsOf(project.path('runs')).length === 1,
    );
    project.write('go', '');
    await assert.rejects(long, { code: 'WORKER_CRASHED' });
    await within('those behind it', Promise.all(followers));
    assert.deepEqual(
      runsOf(project.path('runs')),
      Array.from({ length: 31 }, (_, id) => id),
    );
  },
);

testEach('results that a worker had not sent when it died count', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    {
      'functions/die-at.js': `
        ${dying}
        export default ({ id, end }) => {
          if (id === end) die();
          return 'result of ' + id;
        };`,
    },
  );
  for (let round = 0; round < 20; round++) {
    for (let call = 0; call < 3; call++) {
      await Promise.all(Array.from({ length: 200 }, (_, id) => runtime.invoke('die-at', { id })));
    }
    const end = round * 7;
    const ended = await within(
      'all of them',
      Promise.allSettled(Array.from({ length: 150 }, (_, id) => runtime.invoke('die-at', { id, end }))),
    );
    for (const [id, outcome] of ended.entries()) {
      if (id === end) assert(outcome.status === 'rejected' && outcome.reason.code === 'WORKER_CRASHED');
      else
        assert(
          outcome.status === 'fulfilled' && outcome.value === `result of ${id}`,
          `${id} of round ${round}`,
        );
    }
  }
});
