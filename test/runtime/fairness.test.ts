import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import type { Runtime } from 'warm-pool';
import { runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

const noting = `
  import fs from 'node:fs';
  export default (what) => fs.appendFileSync(new URL('../order', import.meta.url), what + ';');`;

const files = {
  ...Object.fromEntries(['a', 'b', 'c'].map((name) => [`functions/${name}.js`, noting])),
  'functions/held.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async () => {
      while (!fs.existsSync(new URL('../go', import.meta.url))) await setTimeout(5);
    };`,
};

async function block(runtime: Runtime): Promise<void> {
  const blocker = runtime.invoke('held');
  await until('the worker to be taken', () => blocker.status === 'running');
}

test('the functions that have something waiting take turns, each in the order of its calls', async (t) => {
  const { project, runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  await block(runtime);
  const calls = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'];
  const invocations = calls.map((call) => runtime.invoke(call[0] as string, call));
  project.write('go', '');
  await within('all of them', Promise.all(invocations));
  const order = fs.readFileSync(project.path('order'), 'utf8').split(';').slice(0, -1);
  assert.deepEqual(order, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
});

test('one invocation does not wait behind 100,000 of another function', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { ...files, 'functions/many.js': 'export default () => {};' },
    { config: { pool: { max: 1, queueLimit: Infinity } } },
  );
  await block(runtime);
  const many = Array.from({ length: 100_000 }, () => runtime.invoke('many'));
  const one = runtime.invoke('a', 'one');
  const settled = Promise.allSettled(many);
  project.write('go', '');
  await within('the one', one);
  const ended = many.filter(({ status }) => status === 'succeeded').length;
  // It comes second; results of what was handed ahead together with it may arrive at the same time.
  assert(ended < 1_000, `${ended} ended before it`);
  await within('all of them', settled);
});
