import assert from 'node:assert/strict';
import fs from 'node:fs';
import { held, holdWorker } from '../support/hold-worker.ts';
import { deadlineMs, within } from '../support/wait.ts';
import { testEach } from './support.ts';

const noting = `
  import fs from 'node:fs';
  export default (what) => fs.appendFileSync(new URL('../order', import.meta.url), what + ';');`;

const files = {
  ...Object.fromEntries(['a', 'b', 'c'].map((name) => [`functions/${name}.js`, noting])),
  ...held,
};

testEach(
  'the functions that have something waiting take turns, each in the order of its calls',
  async (_t, open) => {
    const running = await open({ max: 1 }, files);
    const { project, runtime } = running;
    const letGo = await holdWorker(running);
    const calls = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'];
    const invocations = calls.map((call) => runtime.invoke(call[0] as string, call));
    letGo();
    await within('all of them', Promise.all(invocations));
    const order = fs.readFileSync(project.path('order'), 'utf8').split(';').slice(0, -1);
    assert.deepEqual(order, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  },
);

testEach('one invocation does not wait behind 100,000 of another function', async (_t, open) => {
  const running = await open(
    { max: 1, queueLimit: Infinity },
    { ...files, 'functions/many.js': 'export default () => {};' },
  );
  const { runtime } = running;
  const letGo = await holdWorker(running);
  const many = Array.from({ length: 100_000 }, () => runtime.invoke('many'));
  const one = runtime.invoke('a', 'one');
  const settled = Promise.allSettled(many);
  letGo();
  await within('the one', one);
  const ended = many.filter(({ status }) => status === 'succeeded').length;
  // It comes second; results of what was handed ahead together with it may arrive at the same time.
  assert(ended < 1_000, `${ended} ended before it`);
  // They take seconds where nothing else runs.
  await within('all of them', settled, 4 * deadlineMs);
});
