import assert from 'node:assert/strict';
import { CancelledError } from 'warm-pool';
import { infoOf, type Running, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { notesOf, type Open, testEach } from './support.ts';

/** A runtime without workers: the one that loaded the functions has left. */
async function openCold(open: Open): Promise<Running> {
  const opened = await open({ min: 0, max: 1, idleTimeout: 1 });
  await until('the first worker to be gone', () => opened.runtime.stats().workers.length === 0);
  return opened;
}

for (const [how, end] of [
  ['cancelled', ({ invocation }) => invocation.cancel('not needed')],
  ['aborted by its signal', ({ controller }) => controller.abort('not needed')],
] as [string, (made: Made) => void][]) {
  testEach(`what is ${how} while its worker starts is told at once, and never runs`, async (_t, open) => {
    const opened = await openCold(open);
    const { runtime } = opened;
    const made = make(opened);
    const behind = runtime.invoke('echo', 'behind');
    const statesOf = () => runtime.stats().workers.map(({ state }) => state);
    assert.deepEqual(statesOf(), ['starting']);
    assert.equal(made.invocation.status, 'queued');
    end(made);
    assert.equal(made.invocation.status, 'cancelled');
    const error = await rejectionOf(made.invocation, CancelledError);
    assert.equal(error.cause, 'not needed');
    assert.deepEqual(statesOf(), ['starting'], 'the caller is told while the worker starts');
    assert.equal(await within('the one behind', behind), 'behind');
    assert.deepEqual(notesOf(opened), []);
    assert.equal(infoOf(runtime, 'note').stats.cancelled, 1);
  });

  testEach(
    `when all is ${how} that a worker starts for, nothing waits, and the next one runs`,
    async (_t, open) => {
      const opened = await openCold(open);
      const { runtime } = opened;
      const made = make(opened);
      end(made);
      await rejectionOf(made.invocation, CancelledError);
      await within('the drain', runtime.drain());
      assert.equal(await within('the next one', runtime.invoke('echo', 'next')), 'next');
      assert.deepEqual(notesOf(opened), []);
    },
  );
}

type Made = ReturnType<typeof make>;

function make({ runtime }: Running) {
  const controller = new AbortController();
  return { controller, invocation: runtime.invoke('note', 'ran', { signal: controller.signal }) };
}
