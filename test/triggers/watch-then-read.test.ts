import assert from 'node:assert/strict';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../support/wait.ts';
import { replaceWatch } from './support-silence.ts';
import { filesOf, Watch } from './support-watch.ts';

const moments = {
  beforeWatching: 'before it is watched.jpg',
  beforeReading: 'between watching and reading.jpg',
  afterReading: 'after its last entry.jpg',
};

/** Lands a file in a folder at each of these moments of its first watching and reading, whatever their order is. */
function landAround(t: TestContext, watch: Watch, folder: string): void {
  const place = join(watch.inbox, folder);
  const left = new Set(Object.values(moments));
  const land = (name: string) => {
    if (left.delete(name)) watch.land(join(folder, name));
  };
  const { watch: realWatch } = fs;
  const { opendir } = fsPromises;
  t.mock.method(fsPromises, 'opendir', async (...args: Parameters<typeof opendir>) => {
    if (args[0] !== place) return opendir(...args);
    land(moments.beforeReading);
    const entries = await opendir(...args);
    const readNext = entries.read.bind(entries) as () => Promise<fs.Dirent | null>;
    const read = async () => {
      const entry = await readNext();
      if (entry === null) land(moments.afterReading);
      return entry;
    };
    return Object.assign(entries, { read });
  });
  // Puts both in place, until the end of the test.
  replaceWatch(t, (path) => {
    if (path === place) land(moments.beforeWatching);
    return realWatch(path);
  });
}

for (const folder of ['', 'album']) {
  const which = folder === '' ? 'the watched folder' : 'a folder in it that appears';
  test(`what lands around the moments in which ${which} is watched and read is found, each once`, async (t) => {
    const watch = Watch.prepare(t, {
      handler: () => undefined,
      // Which find what no event told of and no reading has seen.
      timings: { sweep: 600_000, rescanGap: 600_000 },
    });
    if (folder === '') {
      landAround(t, watch, folder);
      await watch.trigger.start(watch.pool.context);
    } else {
      await watch.trigger.start(watch.pool.context);
      landAround(t, watch, folder);
      fs.mkdirSync(watch.path(folder));
    }
    const names = Object.values(moments).map((name) => join(folder, name));
    for (const name of names)
      await until(`${name} is done`, () => watch.pool.lines.some(({ fields }) => isDone(fields, name)));
    assert.deepEqual(filesOf(watch.pool).sort(), names.sort());
  });
}

function isDone({ file, outputs }: Record<string, unknown>, name: string): boolean {
  return file === name && outputs !== undefined;
}
