import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { repository } from '../support/project.ts';

// What is built is what is packed, and with the files as tsc makes them everything works as well, only that a worker
// starts later: no other test would see that the bundling is gone.
for (const entry of ['main.js', 'thread.js']) {
  test(`a worker of the package loads one file before it can load functions: ${entry}`, async () => {
    const { metafile } = await build({
      entryPoints: [path.join(repository, 'dist/runtime/worker', entry)],
      ...{ bundle: true, write: false, metafile: true },
      ...{ format: 'esm', platform: 'node', packages: 'external' },
      // What functions import as 'warm-pool', when they do.
      external: ['../index.js'],
    });
    const loaded = Object.keys(metafile.inputs).map((file) => path.basename(file));
    assert.deepEqual(loaded, [entry]);
  });
}
