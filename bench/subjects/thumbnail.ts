import assert from 'node:assert/strict';
import { link, mkdir, readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Job, Subject } from '../harness/subject.ts';
import { photoContestants } from '../peers/thumbnails/contestants.ts';
import { boxes } from '../peers/thumbnails/photo-pool.ts';
import { providePhotos } from '../peers/thumbnails/photos.ts';
import { assertThumbnails } from '../peers/thumbnails/verify.ts';

const workers = availableParallelism();

// Enough for each worker to have loaded its libraries and made thumbnails before the clock starts.
const warmUpPhotosPerWorker = 2;

const subject: Subject = {
  title: `photos into ${boxes.length} thumbnails each, ${workers} worker processes`,
  measures: [{ name: 'all-photos', title: 'all photos', unit: 's' }],
  contestants: photoContestants,
  rounds: { full: 7, quick: 2 },
  notes: [
    `Boxes of ${boxes.join(', ')} pixels, JPEG quality 65, optimised, EXIF and ICC profile kept, written to thumbnails/ beside ` +
      'the photos. After each reading all thumbnails are opened and their sizes, EXIF and profiles looked at.',
    'Starting is not included, for nobody: the worker processes of all, those of the reference program too, are up and have ' +
      'made the thumbnails of a few photos before the clock starts.',
  ],
  prepare: async (folder, { quick, signal }) => [await providePhotos(folder, quick, signal)],
  measure,
};

export default subject;

async function measure(job: Job): Promise<number> {
  const contestant = photoContestants.find(({ name }) => name === job.contestant);
  assert.ok(contestant, `Expected a contestant, got \`${job.contestant}\``);
  const names = await readdir(job.prepared);
  const warmUp = await linkPhotos(job, 'warm-up', names.slice(0, workers * warmUpPhotosPerWorker));
  const photos = await linkPhotos(job, 'photos', names);

  const pool = await contestant.open({ workers, build: job.build, folder: job.folder });
  await pool.process(warmUp);
  const start = performance.now();
  const busy = await pool.process(photos);
  const seconds = (performance.now() - start) / 1000;
  await pool.close();

  assert.equal(busy.length, workers, `Expected ${workers} processes to have worked, got ${busy.length}`);
  if (contestant.writesThumbnails) {
    await Promise.all(photos.map(assertThumbnails));
  }
  return seconds;
}

// Thumbnails are written beside the photos: each measurement has a folder of its own, with links to the photos in it.
async function linkPhotos({ folder, prepared }: Job, name: string, photos: readonly string[]) {
  const own = path.join(folder, name);
  await mkdir(own);
  return Promise.all(
    photos.map(async (photo) => {
      await link(path.join(prepared, photo), path.join(own, photo));
      return path.join(own, photo);
    }),
  );
}
