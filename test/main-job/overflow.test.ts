import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startService } from '../support/cli.ts';
import { EventCount, skippedUnlessOverflown } from '../support/event-queue.ts';
import { makeProject } from '../support/project.ts';
import { untilCounted } from '../support/status.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from '../triggers/support-jpeg.ts';

/**
 * The queue of events holds 16,384, two of each file. Other numbers:
 * `POOL_OVERFLOW_FILES=200000 node test/run.js main-job/overflow`.
 */
const count = Number(process.env.POOL_OVERFLOW_FILES ?? 20_000);

/** Notes each file that it is given, in a line of always the same length. */
const noting = `
  import fs from 'node:fs';
  const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
  export default ({ src, name }) => {
    fs.statSync(src);
    fs.writeSync(runs, name + '\\n');
  };
`;

const configuration = `
  import { defineConfig, watch } from 'warm-pool';
  export default defineConfig({
    pool: { max: 2 },
    triggers: [
      watch({ path: 'inbox', match: '*.jpg', invoke: 'notes', args: ({ path, name }) => ({ src: path, name }) }),
    ],
  });
`;

const nameOf = (index: number) => `${String(index).padStart(7, '0')}.jpg`;
const lineLength = nameOf(0).length + 1;

test(`${count} files at once, whose events overflow the queue of a busy runtime, are processed once each`, async (t) => {
  const project = makeProject(t, { 'pool.config.ts': configuration, 'functions/notes.js': noting });
  fs.mkdirSync(project.path('inbox'));
  fs.writeFileSync(project.path('runs'), '');
  const service = await startService(t, project);
  const content = makeJpeg({ scanBytes: 32 });

  // Of a watcher whose program is as busy.
  const seen = new EventCount(t, project.path('inbox'));
  const size = () => fs.statSync(project.path('runs')).size;
  service.child.kill('SIGSTOP');
  const beganAt = performance.now();
  try {
    for (let index = 0; index < count; index++) {
      fs.writeFileSync(path.join(project.root, 'inbox', nameOf(index)), content);
    }
    assert.equal(size(), 0, 'it has read none of the events before the last file landed');
  } finally {
    service.child.kill('SIGCONT');
  }
  const landedAt = performance.now();
  // None of them is left for the sweep, which looks once a minute.
  for (let done = 0; done < count * lineLength; done = size()) {
    await until(`more than ${done / lineLength} files that are processed`, () => size() > done);
  }
  const doneAt = performance.now();
  await untilCounted(project.path('.pool'), { done: count });
  // Before its files are removed, which it would have to look after.
  service.interrupt('SIGKILL');
  await service.ended;
  t.diagnostic(
    `landed in ${Math.round(landedAt - beganAt)} ms, done ${Math.round(doneAt - landedAt)} ms later, ${seen.events} events`,
  );
  await t.test('the queue did overflow', { skip: skippedUnlessOverflown(2 * count) }, () => {
    assert.ok(seen.events > 0 && seen.events < 2 * count, `${seen.events} events of ${count} files`);
  });

  const runs = fs.readFileSync(project.path('runs'), 'utf8').trimEnd().split('\n').sort();
  assert.deepEqual(
    runs,
    Array.from({ length: count }, (_, index) => nameOf(index)),
  );
});
