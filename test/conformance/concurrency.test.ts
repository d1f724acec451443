import assert from 'node:assert/strict';
import fs from 'node:fs';
import { FunctionLoadError, QueueFullError } from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

/** Makes a file `begun`, and ends when there is a file `go`, or one by the name it is given; goes on when it is cancelled. */
const held = (concurrency: number) => `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  import { threadId } from 'node:worker_threads';
  const isThere = (name) => fs.existsSync(new URL('../' + name, import.meta.url));
  export default async (name) => {
    fs.writeFileSync(new URL('../begun', import.meta.url), '');
    while (!isThere('go') && !isThere(String(name))) await setTimeout(5);
    return process.pid + '.' + threadId;
  };
  export const config = { concurrency: ${concurrency} };`;

const files = {
  'functions/free.js': 'export default (value) => value;',
  'functions/note.js': `
    import fs from 'node:fs';
    export default (what) => fs.appendFileSync(new URL('../order', import.meta.url), what + ';');
    export const config = { concurrency: 1 };`,
  'functions/die.js': 'export default () => process.exit(1); export const config = { concurrency: 1 };',
};

const statusesOf = (invocations: readonly { status: string }[]) => invocations.map(({ status }) => status);

testEach(
  'no more of a function run at once than its concurrency, and others pass those that wait',
  async (_t, open) => {
    const { project, runtime } = await open({ min: 3, max: 3 }, { ...files, 'functions/held.js': held(2) });
    assert.equal(infoOf(runtime, 'held').config.concurrency, 2);
    assert.equal(infoOf(runtime, 'free').config.concurrency, undefined);
    const six = Array.from({ length: 6 }, (_, index) => runtime.invoke<string>('held', `go-${index}`));
    await until('two to run', () => six[1]?.status === 'running');
    for (let call = 0; call < 50; call++)
      assert.equal(await within('a free one', runtime.invoke('free', call)), call);
    const waiting = ['queued', 'queued', 'queued', 'queued'];
    assert.deepEqual(statusesOf(six), ['running', 'running', ...waiting]);
    project.write('go-1', '');
    await within('the second', six[1] as Promise<string>);
    await until('the third to run', () => six[2]?.status === 'running');
    assert.deepEqual(statusesOf(six), ['running', 'succeeded', 'running', ...waiting.slice(1)]);
    project.write('go', '');
    await within('all of them', Promise.all(six));
  },
);

testEach(
  'with a concurrency of 1 invocations follow each other in their order, over all workers',
  async (_t, open) => {
    const { project, runtime } = await open({ min: 2, max: 2 }, files);
    const count = 400;
    await within(
      'all of them',
      Promise.all(Array.from({ length: count }, (_, id) => runtime.invoke('note', id))),
    );
    const order = fs.readFileSync(project.path('order'), 'utf8').split(';').slice(0, -1).map(Number);
    assert.deepEqual(
      order,
      Array.from({ length: count }, (_, id) => id),
    );
  },
);

/** It takes one of two places, as short as it is, and notes when there is none. */
const two = `
  import fs from 'node:fs';
  const place = (name) => new URL('../' + name, import.meta.url);
  const take = (name) => {
    try {
      fs.mkdirSync(place(name));
      return true;
    } catch {
      return false;
    }
  };
  export default (id) => {
    const name = ['place-1', 'place-2'].find(take);
    if (name) fs.rmdirSync(place(name));
    else fs.appendFileSync(place('crowd'), id + ';');
    return id;
  };
  export const config = { concurrency: 2 };`;

testEach('of a short function, too, no more run at once than its concurrency', async (_t, open) => {
  const { project, runtime } = await open({ min: 4, max: 4 }, { ...files, 'functions/two.js': two });
  for (let round = 0; round < 5; round++) {
    const ids = Array.from({ length: 500 }, (_, id) => id);
    // Others that are short keep the other workers busy.
    const others = ids.map((id) => runtime.invoke('free', id));
    const values = await within('all of them', Promise.all(ids.map((id) => runtime.invoke('two', id))));
    assert.deepEqual(values, ids);
    await within('the others', Promise.all(others));
  }
  assert(!project.has('crowd'), 'more than two ran at once');
});

testEach('a run that goes on after it was cancelled has its place still', async (_t, open) => {
  const { project, runtime } = await open(
    { min: 2, max: 2, killGrace: '10 min' },
    { ...files, 'functions/held.js': held(1) },
  );
  const first = runtime.invoke('held');
  const [second, third] = [runtime.invoke('held'), runtime.invoke('held')];
  await until('it to begin', () => project.has('begun'));
  first.cancel();
  third.cancel();
  await assert.rejects(first, { code: 'CANCELLED' });
  await assert.rejects(third, { code: 'CANCELLED' });
  for (let call = 0; call < 20; call++) await within('a free one', runtime.invoke('free'));
  assert.equal(second.status, 'queued');
  project.write('go', '');
  await within('the second', second);
});

testEach('a run that ends with its worker gives its place to the next', async (_t, open) => {
  const { runtime } = await open({ min: 2, max: 2 }, files);
  const dying = Array.from({ length: 4 }, () => runtime.invoke('die'));
  for (const each of await within('all of them', Promise.allSettled(dying))) {
    assert(each.status === 'rejected' && each.reason.code === 'WORKER_CRASHED');
  }
});

testEach('no worker is started for what its concurrency does not let run', async (_t, open) => {
  const { project, runtime } = await open({ min: 1, max: 4 }, { ...files, 'functions/held.js': held(1) });
  const three = Array.from({ length: 3 }, (_, index) => runtime.invoke<string>('held', `go-${index}`));
  for (let index = 0; index < 3; index++) {
    await until('it to run', () => three[index]?.status === 'running');
    assert.equal(runtime.stats().workers.length, 1);
    project.write(`go-${index}`, '');
  }
  const pids = await within('all of them', Promise.all(three));
  assert.equal(new Set(pids).size, 1);
  assert.equal(runtime.stats().workers.length, 1);
});

testEach(
  'with a queueLimit of 0 one beyond the concurrency is refused though a worker is free',
  async (_t, open) => {
    const { project, runtime } = await open(
      { min: 2, max: 2, queueLimit: 0 },
      { ...files, 'functions/held.js': held(1) },
    );
    const first = runtime.invoke('held');
    await rejectionOf(runtime.invoke('held'), QueueFullError);
    assert.equal(await within('a free one', runtime.invoke('free', 1)), 1);
    project.write('go', '');
    await within('the first', first);
    await within('the next', runtime.invoke('held'));
  },
);

testEach(
  'a reload with another concurrency holds for what waits, and counts what runs on the old code',
  async (_t, open, isolation) => {
    const { project, runtime } = await open(
      {},
      { ...files, 'functions/held.js': held(1) },
      { hotReload: true, config: { pool: { isolation, min: 3, max: 3 } } },
    );
    const three = Array.from({ length: 3 }, () => runtime.invoke('held'));
    await until('the first to run', () => three[0]?.status === 'running');
    project.write('functions/held.js', held(2));
    await until('the reload', () => infoOf(runtime, 'held').config.concurrency === 2);
    await until('the second to run', () => three[1]?.status === 'running');
    await within('a free one', runtime.invoke('free'));
    assert.deepEqual(statusesOf(three), ['running', 'running', 'queued']);
    project.write('go', '');
    await within('all of them', Promise.all(three));
  },
);

testEach('a concurrency that is none puts the function out of service, with the reason', async (_t, open) => {
  const { runtime } = await open(
    {},
    {
      'functions/none.js': 'export default () => 1; export const config = { concurrency: 0 };',
    },
  );
  const { message } = await rejectionOf(runtime.invoke('none'), FunctionLoadError);
  assert.match(message, /concurrency: expected a whole number of at least 1, got 0 \(number\)/);
});
