import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { watch } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';

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
