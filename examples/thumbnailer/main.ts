// Thumbnails of all JPEGs of a folder, in parallel. A photo that can't be read is told, and the others go on.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createRuntime } from 'warm-pool';

const folder = process.argv[2] ?? '.';
const names = (await readdir(folder)).filter((name) => /\.jpe?g$/i.test(name));
const photos = names.map((name) => ({ src: path.join(folder, name) }));

await using runtime = await createRuntime({
  cwd: import.meta.dirname,
  config: { functions: 'warm-pool/functions' },
});
let failed = 0;
const results = runtime.map<{ src: string; outputs: unknown[] }>('thumbnail', photos, {
  ordered: false,
  onError: (error) => {
    failed++;
    console.error(error.message);
  },
});
for await (const { src, outputs } of results) console.log(`${src}: ${outputs.length} thumbnails`);
console.log(`${photos.length - failed} of ${photos.length} photos done`);
if (failed > 0) process.exitCode = 1;
