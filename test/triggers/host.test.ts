import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type Trigger, type TriggerContext, type WatchedFile, watch } from 'warm-pool';
import { held, holdWorker } from '../support/hold-worker.ts';
import { LogLines } from '../support/log-lines.ts';
import { type Running, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

/** A trigger of a user's own that does nothing, except for what the test gives it. */
function triggerOf(id: string, behaviour: Partial<Pick<Trigger, 'start' | 'stop'>>): Trigger {
  return { kind: 'own', id, functions: [], start: async () => {}, stop: async () => {}, ...behaviour };
}

function runTriggers(t: TestContext, triggers: Trigger[], log = new LogLines()): Promise<Running> {
  const files = {
    'functions/note.js': `
      import fs from 'node:fs';
      export default (path) => fs.writeFileSync(path + '.note', '');`,
  };
  return runProject(t, files, { config: { triggers }, logger: log.logger });
}

test('after a start that failed another one starts everything, the file trigger too', async (t) => {
  let refusals = 1;
  const flaky = triggerOf('flaky', {
    async start() {
      refusals -= 1;
      if (refusals >= 0) throw new Error('the service is not there yet');
    },
  });
  const inbox = watch({
    path: 'inbox',
    match: '*.txt',
    invoke: 'note',
    args: (file: WatchedFile) => file.path,
  });
  const { project, runtime } = await runTriggers(t, [inbox, flaky]);
  await assert.rejects(runtime.start(), /not there yet/);
  await within('the second start', runtime.start());
  project.write('inbox/a.txt', 'content');
  await until('the file is noted', () => fs.existsSync(project.path('inbox/a.txt.note')));
});

test('a start that fails says why, whatever the triggers do when they are stopped', async (t) => {
  const log = new LogLines();
  const stubborn = triggerOf('stubborn', { stop: () => Promise.reject(new Error('not now')) });
  const broken = triggerOf('broken', { start: () => Promise.reject(new Error('the reason')) });
  const { runtime } = await runTriggers(t, [stubborn, broken], log);
  await assert.rejects(runtime.start(), /^Error: the reason$/);
  await log.line(/^error .*stubborn/);
});

test('triggers that throw, reject or take long to stop keep no other from stopping', async (t) => {
  const log = new LogLines();
  const stopped: string[] = [];
  let finishSlow = () => {};
  const triggers = [
    triggerOf('throwing', {
      stop() {
        throw new Error('thrown');
      },
    }),
    triggerOf('rejecting', { stop: () => Promise.reject(new Error('rejected')) }),
    triggerOf('slow', {
      stop: () =>
        new Promise((resolve) => {
          finishSlow = resolve;
        }),
    }),
    triggerOf('good', {
      async stop() {
        stopped.push('good');
      },
    }),
  ];
  const { runtime } = await runTriggers(t, triggers, log);
  await runtime.start();
  let hasClosed = false;
  const closed = runtime.close().then(() => {
    hasClosed = true;
  });
  await until('the last one is stopped', () => stopped.includes('good'));
  await log.line(/^error .*throwing/);
  await log.line(/^error .*rejecting/);
  assert.equal(hasClosed, false, 'one is still at it');
  finishSlow();
  await within('the runtime closes', closed);
  assert.equal(log.lines.filter((line) => line.startsWith('error')).length, 2);
});

test('an ordinary invocation overtakes what a trigger has queued before it', async (t) => {
  let invoke: TriggerContext['invoke'] | undefined;
  const trigger = triggerOf('own', {
    async start(context) {
      invoke = context.invoke;
    },
  });
  const files = {
    ...held,
    'functions/order.js': `
      import fs from 'node:fs';
      export default (what) => fs.appendFileSync(new URL('../order', import.meta.url), what + ';');`,
  };
  const running = await runProject(t, files, { config: { triggers: [trigger], pool: { max: 1 } } });
  const { project, runtime } = running;
  await runtime.start();
  assert(invoke);
  const release = await holdWorker(running);
  const invocations = [invoke('order', 'file 1', {}), invoke('order', 'file 2', {})];
  invocations.push(runtime.invoke('order', 'ordinary'));
  // What it asks for itself holds.
  invocations.push(invoke('order', 'urgent file', { priority: 'high' }));
  release();
  await within('all of them', Promise.all(invocations));
  assert.equal(fs.readFileSync(project.path('order'), 'utf8'), 'urgent file;ordinary;file 1;file 2;');
});
