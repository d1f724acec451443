import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { watch } from 'warm-pool';
import { FunctionError } from '../../runtime/errors/pool-errors.ts';
import { LogLines } from '../support/log-lines.ts';
import { runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { Watch } from './support-watch.ts';

test('for a file that lands the attempts of its trigger take the place of those of the function', async (t) => {
  const log = new LogLines();
  const trigger = watch({ path: 'inbox', invoke: 'unlucky', args: (file) => file.path, attempts: 1 });
  const { project, runtime } = await runProject(
    t,
    {
      'functions/unlucky.js': `
        import fs from 'node:fs';
        export default (file, { attempt }) => {
          fs.appendFileSync(new URL('../runs', import.meta.url), attempt + ';');
          throw new Error('no luck');
        };
        export const config = { retry: { attempts: 3, backoff: 1 } };`,
      'inbox/photo.jpg': makeJpeg(),
    },
    { logger: log.logger, config: { triggers: [trigger] } },
  );
  await within('the start', runtime.start());
  await log.line(/^error .*photo\.jpg.*no luck/);
  assert.equal(fs.readFileSync(project.path('runs'), 'utf8'), '1;');
});

test('the next attempts are due after 1, 4, 16 and from then on 30 seconds', async (t) => {
  const options = { attempts: 10 };
  let watch = await Watch.start(t, { options });
  watch.land('broken.jpg');
  for (const seconds of [1, 4, 16, 30, 30]) {
    const files = await watch.trigger.openFiles({ root: watch.root, store: watch.pool.context.store });
    const call = await watch.pool.next();
    const earliest = Date.now() + seconds * 1_000;
    call.fail(new FunctionError('no image'));
    const waiting = await until('it waits', () => [...files.list('waiting')][0]);
    const latest = Date.now() + seconds * 1_000;
    const due = Date.parse(waiting.nextAttempt ?? '');
    assert.ok(earliest <= due && due <= latest, `${seconds} s: ${earliest} <= ${due} <= ${latest}`);
    // The next start doesn't wait for that.
    await watch.pool.kept();
    watch = await Watch.start(t, { after: watch, options });
  }
});

test('a function that goes over its memory limit costs an attempt, also on a file that may not have been complete', async (t) => {
  const log = new LogLines();
  const trigger = watch({ path: 'inbox', invoke: 'greedy', args: (file) => file.path, attempts: 2 });
  const { project, runtime } = await runProject(
    t,
    {
      'functions/greedy.js': `
        import fs from 'node:fs';
        const kept = [];
        export default () => {
          fs.appendFileSync(new URL('../runs', import.meta.url), 'run;');
          for (;;) kept.push(Buffer.alloc(4 * 2 ** 20, 1));
        };`,
      'inbox/notes.txt': 'of no format that tells its end',
    },
    {
      logger: log.logger,
      config: { pool: { max: 1, maxMemory: '200mb', timeout: '60s' }, triggers: [trigger] },
    },
  );
  await within('the start', runtime.start());
  const reason = 'The worker that ran "greedy" was ended for its memory: ';
  await log.line(
    new RegExp(`^error notes\\.txt is set aside until it changes: greedy failed 2 times, at last: ${reason}`),
  );
  assert.ok(
    log.lines.some((line) => line.startsWith(`warn greedy was interrupted on notes.txt: ${reason}`)),
    log.lines.join('\n'),
  );
  assert.equal(fs.readFileSync(project.path('runs'), 'utf8'), 'run;run;');
});
