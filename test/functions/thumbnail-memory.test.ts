import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRuntime } from '../support/open-runtime.ts';
import * as photos from '../support/photos.ts';
import { kinds } from '../support/pictures.ts';

// More of them take longer and show smaller leaks: 2,000 are a folder of holiday photos.
const invocations = Number(process.env.POOL_MEMORY_PHOTOS ?? 300);
const third = Math.floor(invocations / 3);

// Where a worker settles depends on how its memory happens to be split up: medians of 100 invocations rose by up to
// 24 MB before they stayed where they were, and differed by 5 MB then. A worker that kept each file it reads grew by
// 51 MB in the last two thirds of 300, and one that kept each set of thumbnails by 25, and both went on like that.
const mostGrowthMB = 15;
const mostThirds = 9;

test('the memory of a worker that makes one set of thumbnails after the other settles', async (t) => {
  const folder = photos.photoFolder(t);
  const large = photos.noise(640, 480);
  const requests = [
    { src: photos.put(folder, 'a.jpg', await photos.rgbPhoto(1600, 1200)) },
    { src: photos.put(folder, 'b.jpg', await large.jpeg({ quality: 90 }).toBuffer()), autoOrient: true },
    { src: photos.put(folder, 'c.jpg', await photos.cmykPhoto()), fit: 'cover' },
    { src: photos.put(folder, 'd.png', await large.png().toBuffer()), format: 'webp' },
    {
      src: photos.put(folder, 'e.webp', await kinds.webp(photos.picture()).toBuffer()),
      format: 'png',
      sizes: [256, 64],
    },
    { src: photos.put(folder, 'f.tif', await kinds.tiff(photos.picture()).toBuffer()), fit: 'cover' },
    { src: photos.put(folder, 'g.gif', await kinds.gif(photos.picture(300, 200)).toBuffer()) },
    {
      src: photos.put(folder, 'h.avif', await kinds.avif(photos.picture(300, 200)).toBuffer()),
      format: 'avif',
      sizes: [64],
    },
  ];
  // No worker takes the place of one that has grown.
  const pool = { min: 1, max: 1, maxMemory: Number.POSITIVE_INFINITY };
  const runtime = await openRuntime(t, { config: { functions: 'warm-pool/functions', pool } });
  const workers = new Set<number | undefined>();
  const invokeThird = async () => {
    const memory: number[] = [];
    for (let turn = 0; turn < third; turn++) {
      await runtime.invoke('thumbnail', requests[turn % requests.length]);
      const [worker] = runtime.stats().workers;
      memory.push(worker?.memoryMB ?? 0);
      workers.add(worker?.pid);
    }
    return median(memory);
  };
  const thirds: number[] = [];
  let growth = Number.POSITIVE_INFINITY;
  while (growth > mostGrowthMB && thirds.length < mostThirds) {
    thirds.push(await invokeThird());
    growth = (thirds.at(-1) as number) - (thirds.at(-3) ?? Number.NEGATIVE_INFINITY);
  }
  const told = `${thirds.join(', ')} MB, each after ${third} photos`;
  t.diagnostic(told);
  assert.equal(workers.size, 1, 'the worker was replaced, and what it had is not known');
  assert.ok(growth <= mostGrowthMB, `it goes on growing: ${told}`);
});

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1] as number;
