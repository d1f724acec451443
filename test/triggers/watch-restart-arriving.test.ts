import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { filesBefore, Watch } from './support-watch.ts';

const whole = makeJpeg({ fill: 0x3c });

for (const before of ['new', 'done', 'running'] as const) {
  test(`with \`existing: false\`, a file that was ${before} and is being written when the runtime is killed is taken up at the next start`, async (t) => {
    const options = { existing: false };
    const watch = await Watch.start(t, { options });
    if (before !== 'new') {
      watch.land('photo.jpg');
      const call = await watch.pool.next();
      if (before === 'running') writeFileSync(watch.path('photo.jpg'), whole.subarray(0, 700));
      call.succeed();
      await watch.pool.line('info', /^work photo\.jpg/);
    }
    const files = await watch.trigger.openFiles({ root: watch.root, store: watch.pool.context.store });
    writeFileSync(watch.path('photo.jpg'), whole.subarray(0, 800));
    await until('it is arriving', () => files.counts().arriving === 1);
    await watch.pool.kept();
    writeFileSync(watch.path('photo.jpg'), whole);

    const again = await Watch.start(t, { after: watch, options, handler: () => undefined });
    assert.deepEqual(await filesBefore(again, 'last'), ['photo.jpg']);
  });
}
