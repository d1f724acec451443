import assert from 'node:assert/strict';
import fs from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { type CompletenessCheck, complete, type Runtime, type Trigger, watch } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { fileOf, filesOf, Watch } from './support-watch.ts';

const whole = makeJpeg({ scanBytes: 20_000 });
const half = whole.subarray(0, whole.length / 2);
const rest = whole.subarray(half.length);

const incomplete = 'it is not complete yet';
const perhapsWritten = 'it may still be written';

/** Where the one file stands with each trigger: how large it is, or why it is not taken up. */
async function standing(runtime: Runtime): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { trigger, state, size, reason } of runtime.files())
    found[trigger] = state === 'done' ? `done with ${size} bytes` : `${state}: ${reason}`;
  return found;
}

test('half a JPEG is taken up by `complete.stable` when it has been the same for `settle`, and by `complete.jpeg` with its last byte', async (t) => {
  const settleMs = 500;
  const trigger = (id: string, check: CompletenessCheck, settle: number | string): Trigger =>
    watch({ path: 'inbox', invoke: 'work', args: () => null, id, complete: check, settle });
  const triggers = [
    trigger('stable', complete.stable, settleMs),
    trigger('stable, in ten minutes', complete.stable, '10 min'),
    // It tries half a photo after that time too.
    trigger('jpeg', complete.jpeg, '10 min'),
  ];
  const { project, runtime } = await runProject(
    t,
    { 'functions/work.js': 'export default () => {};' },
    { logger: new LogLines().logger, config: { triggers } },
  );
  await within('the start', runtime.start());
  const place = project.path('inbox', 'photo.jpg');
  const written = performance.now();
  fs.writeFileSync(place, half);
  await until('all have looked at it, and one has taken it up', async () => {
    const each = Object.values(await standing(runtime));
    return (
      each.some((text) => text.startsWith('done')) &&
      each.filter((text) => /done|: it /.test(text)).length === 3
    );
  });
  assert.ok(performance.now() - written >= settleMs);
  assert.deepEqual(await standing(runtime), {
    stable: `done with ${half.length} bytes`,
    'stable, in ten minutes': `arriving: ${perhapsWritten}`,
    jpeg: `arriving: ${incomplete}`,
  });

  fs.appendFileSync(place, rest);
  const done = `done with ${whole.length} bytes`;
  await until('two have taken it up whole', async () => {
    const { stable, jpeg } = await standing(runtime);
    return stable === done && jpeg === done;
  });
  assert.equal((await standing(runtime))['stable, in ten minutes'], `arriving: ${perhapsWritten}`);
});

test('without `complete`, half a file that is named .jpg, .jpeg, .jpe or .jfif in any case waits for its last byte', async (t) => {
  // Nothing else would be taken up in the time of a test.
  const watch = await Watch.start(t, { handler: () => undefined, options: { settle: '10 min' } });
  const photos = ['a.jpg', 'b.JPG', 'c.jpeg', 'd.Jpeg', 'e.jpe', 'f.JPE', 'g.jfif', 'h.JFIF'];
  const others = ['i.jpegs', 'j.jpg.bin', 'k.jp', 'l-jpeg'];
  const files = await watch.trigger.openFiles({ root: watch.root, store: watch.pool.context.store });
  const reasons = () =>
    Object.fromEntries(
      [...files.list('arriving')].map(({ path, reason }) => [basename(path), reason] as const).sort(),
    );
  const each = (names: readonly string[], reason: string) => names.map((name) => [name, reason] as const);

  for (const name of [...photos, ...others]) fs.writeFileSync(watch.path(name), half);
  await until(
    'each was judged',
    () => Object.values(reasons()).filter(Boolean).length === photos.length + others.length,
  );
  assert.deepEqual(
    reasons(),
    Object.fromEntries([...each(photos, incomplete), ...each(others, perhapsWritten)]),
  );
  assert.deepEqual(filesOf(watch.pool), []);

  for (const name of [...photos, ...others]) fs.appendFileSync(watch.path(name), rest);
  await until('the photos are done', () => watch.pool.linesLike('info', /^work /).length === photos.length);
  const sizes = watch.pool.calls.map((call) => [fileOf(call), (call.args as { size: number }).size]);
  assert.deepEqual(
    sizes.sort(),
    photos.map((name) => [name, whole.length]),
  );
  assert.deepEqual(reasons(), Object.fromEntries(each(others, perhapsWritten)));
});
