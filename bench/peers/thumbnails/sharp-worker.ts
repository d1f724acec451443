import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { boxes, quality } from './photo-pool.ts';

/** What a worker process does with one photo. */
export type Work = 'per-size' | 'decode';

const works: Record<Work, (photo: string) => Promise<void>> = {
  'per-size': onePipelinePerSize,
  decode: decodeAlone,
};

// As sharp's documentation advises where several processes use it: the processes are the parallelism.
sharp.concurrency(1);
sharp.cache(false);

const work = works[process.argv[2] as Work];
process.on('message', async (photo: string) => {
  await work(photo);
  process.send?.(photo);
});
// The parent asks for nothing more when it closes the channel.
process.on('disconnect', () => process.exit());

async function onePipelinePerSize(photo: string): Promise<void> {
  await Promise.all(
    boxes.map(async (box) => {
      const folder = path.join(path.dirname(photo), 'thumbnails', `${box}x${box}`);
      await mkdir(folder, { recursive: true });
      await sharp(photo)
        .resize(box, box, { fit: 'inside', withoutEnlargement: true })
        .keepExif()
        .keepIccProfile()
        .jpeg({ quality, optimiseCoding: true })
        .toFile(path.join(folder, path.basename(photo)));
    }),
  );
}

// The least that thumbnails need: the pixels of the largest one, decoded at the smallest scale that serves for it.
async function decodeAlone(photo: string): Promise<void> {
  const [largest] = boxes;
  const { info } = await sharp(photo)
    .resize(largest, largest, { fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (Math.max(info.width, info.height) > largest || info.size !== info.width * info.height * info.channels) {
    throw new Error(
      `Expected the pixels of at most ${largest} x ${largest}, got ${info.width} x ${info.height}`,
    );
  }
}
