import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Receipt } from '../../runtime/triggers/watch/file-state.ts';
import type { WatchedFile } from '../../runtime/triggers/watch/watched-file.ts';
import { thumbnailsOf } from '../support/inbox.ts';
import * as photos from '../support/photos.ts';
import { thumbnail } from '../support/thumbnail.ts';
import { until } from '../support/wait.ts';
import type { Call } from './support-pool.ts';
import { Watch } from './support-watch.ts';

/**
 * In KB, how far two beginnings of a camera photo are apart: `POOL_PREFIX_STEP=4 POOL_PHOTOS=… node test/run.js
 * --test-timeout=3600000 watch-prefixes` tries 1,250 of three photos, twice each.
 */
const cameraStep = Number(process.env.POOL_PREFIX_STEP ?? 128) * 1024;

/** The last one has bytes of something else after its picture, which ends here: from there on its format can't tell. */
const cameraPhotos: readonly { readonly name: string; readonly pictureEnd?: number }[] = [
  { name: 'Canon IXUS 430.jpg' },
  { name: 'Nikon D60.jpg' },
  { name: 'FujiFilm FinePix A303.jpg', pictureEnd: 73_373 },
];

// On a busy machine a writer may stop for longer than the trigger waits, and what is made then of its file tells nothing. Of
// most sizes it has to be known: those of too many are written again, fewer at once.
const mostUntold = 1 / 3;
const mostTries = 5;

// As many at once as a network drive may have.
const writersAtOnce = 8;

// The same machine with shorter waits.
const timings = { patience: 200, youngAge: 500, firstRetry: 50 };

interface Made {
  readonly file: string;
  /** That the trigger has seen. */
  readonly size: number;
  /** That was there when they were made: the function may have read more than the trigger has seen. */
  readonly left: number;
}

/** A trigger with the thumbnail function itself; `made` is what it has made thumbnails of. */
async function watchThumbnails(t: Parameters<typeof Watch.start>[0]) {
  const made: Made[] = [];
  const watch = await Watch.start(t, {
    options: { match: '*.jpg', ignore: 'thumbnails', attempts: 1 },
    timings,
    handler: async ({ args }: Call) => {
      const { path: src, relativePath: file, size } = args as WatchedFile;
      const result = await thumbnail({ src });
      made.push({ file, size, left: fs.statSync(src).size });
      return result;
    },
  });
  const receiptOf = (file: string) => watch.pool.context.store.get(file) as Receipt | undefined;
  return { watch, made, receiptOf };
}

/** In steps of a few KB, with pauses in which a look finds it as it is. Returns whether one of them was too long to tell. */
async function writeSlowly(file: string, photo: Buffer): Promise<boolean> {
  const step = Math.ceil(photo.length / 4);
  let longestPause = 0;
  for (let at = 0; at < photo.length; at += step) {
    const began = performance.now();
    fs.appendFileSync(file, photo.subarray(at, at + step));
    await delay(40);
    longestPause = Math.max(longestPause, performance.now() - began);
  }
  return longestPause > timings.patience / 2;
}

const slowName = (size: number, attempt: number) => `slow ${size}, ${attempt}.jpg`;

/** Writes beginnings of these sizes, some at once. Returns those of which nothing can be told. */
async function writeBeginnings(
  watch: Watch,
  photo: Buffer,
  { sizes, attempt }: { sizes: readonly number[]; attempt: number },
): Promise<number[]> {
  const stalled: number[] = [];
  const atOnce = Math.ceil(writersAtOnce / attempt);
  for (let first = 0; first < sizes.length; first += atOnce) {
    const write = async (size: number) => {
      const beginning = photo.subarray(0, size);
      if (attempt === 1) watch.land(`renamed ${size}.jpg`, beginning);
      if (await writeSlowly(watch.path(slowName(size, attempt)), beginning)) stalled.push(size);
    };
    await Promise.all(sizes.slice(first, first + atOnce).map(write));
  }
  return stalled;
}

/** The bytes of a photo's thumbnails; of those that are there. */
function thumbnailsIn(watch: Watch, file: string): Buffer[] {
  return thumbnailsOf(file)
    .filter((thumbnail) => fs.existsSync(watch.path(thumbnail)))
    .map((thumbnail) => fs.readFileSync(watch.path(thumbnail)));
}

interface Tested {
  readonly read: () => Promise<Buffer>;
  /** How far two beginnings are apart, in bytes. */
  readonly step: number;
  /** Where the picture ends, if more follows. */
  readonly pictureEnd?: number | undefined;
  readonly skip?: string | false;
}

function testPrefixes(name: string, { read, step, pictureEnd = Infinity, skip = false }: Tested): void {
  const end = 'ends set aside as cut short, or as thumbnails when the picture is all there';
  test(`every beginning of ${name} ${end}`, { skip }, async (t) => {
    const photo = await read();
    const { watch, made, receiptOf } = await watchThumbnails(t);
    const sizes: number[] = [];
    for (let size = step; size < photo.length - 2; size += step) sizes.push(size);
    const files = sizes.map((size) => `renamed ${size}.jpg`);
    const stalled = new Set<string>();
    let untold: readonly number[] = sizes;
    for (let attempt = 1; untold.length > sizes.length * mostUntold && attempt <= mostTries; attempt += 1) {
      files.push(...untold.map((size) => slowName(size, attempt)));
      untold = await writeBeginnings(watch, photo, { sizes: untold, attempt });
      for (const size of untold) stalled.add(slowName(size, attempt));
    }
    watch.land('whole.jpg', photo);
    const hasEnded = (file: string) => ['setAside', 'done'].includes(receiptOf(file)?.name ?? '');
    await until(
      'an end for each',
      () => [...files, 'whole.jpg'].every(hasEnded),
      60_000 + files.length * 1_000,
    );
    assert.ok(files.length >= 10, `${files.length} files`);

    const whole = thumbnailsIn(watch, 'whole.jpg');
    assert.equal(whole.length, 6);
    for (const file of files) {
      const receipt = receiptOf(file);
      if (receipt?.name === 'setAside') {
        assert.match(receipt.reason, /^it seems incomplete, and .*the file is cut short/, file);
        assert.deepEqual(thumbnailsIn(watch, file), [], file);
      } else {
        assert.deepEqual(thumbnailsIn(watch, file), whole, `${file} of ${photo.length} bytes`);
        assert.ok(statSize(watch, file) >= pictureEnd, `${file} of ${photo.length} bytes`);
      }
    }
    const isPartial = ({ file, size }: Made) => size < Math.min(statSize(watch, file), pictureEnd);
    const early = made.filter((run) => isPartial(run) && !stalled.has(run.file));
    assert.deepEqual(early, [], 'thumbnails of a part of a picture that was still growing');
    if (stalled.size > 0) t.diagnostic(`${stalled.size} writers stopped for too long to tell`);
    assert.ok(
      untold.length <= sizes.length * mostUntold,
      `nothing is known of ${untold.length} of ${sizes.length} beginnings: their writers stopped ${mostTries} times`,
    );
  });

  test(`${name}, written with pauses, becomes thumbnails with its last byte`, { skip }, async (t) => {
    const photo = await read();
    const { watch, made, receiptOf } = await watchThumbnails(t);
    for (let at = 0; at < photo.length; at += step) {
      fs.appendFileSync(watch.path('slow.jpg'), photo.subarray(at, at + step));
      // At times longer than the trigger waits before it tries a photo that has no end.
      await delay(at % (3 * step) === 0 ? timings.patience * 2 : 5);
    }
    await until('its thumbnails', () => made.at(-1)?.size === photo.length, 120_000);
    await until('its receipt', () => receiptOf('slow.jpg')?.name === 'done');
    if (pictureEnd === Infinity) {
      const early = made.filter(({ left }) => left < photo.length);
      assert.deepEqual(early, [], 'thumbnails of a part of it');
      assert.equal(made.filter(({ size }) => size === photo.length).length, 1, 'the whole of it once');
    }
    watch.land('whole.jpg', photo);
    await until('the whole one', () => receiptOf('whole.jpg')?.name === 'done');
    assert.deepEqual(thumbnailsIn(watch, 'slow.jpg'), thumbnailsIn(watch, 'whole.jpg'));
  });
}

const statSize = (watch: Watch, file: string) => fs.statSync(watch.path(file)).size;

testPrefixes('a baseline photo', { read: () => photos.noise(400, 300).jpeg().toBuffer(), step: 4096 });
testPrefixes('a progressive photo', {
  read: () => photos.noise(400, 300).jpeg({ progressive: true }).toBuffer(),
  step: 4096,
});
for (const { name, pictureEnd } of cameraPhotos) {
  const read = async () => fs.readFileSync(path.join(photos.realPhotos ?? '', 'camera', name));
  const skip = photos.skippedWithoutPhotos;
  testPrefixes(`the camera's ${name}`, { read, step: cameraStep, pictureEnd, skip });
}
