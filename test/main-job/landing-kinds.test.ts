import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Inbox, makeInboxProject, thumbnailsOf } from '../support/inbox.ts';
import { picture, put } from '../support/photos.ts';
import { kinds, seen } from '../support/pictures.ts';
import { psnr } from '../support/psnr.ts';
import { until } from '../support/wait.ts';

const wanted = ['png', 'webp', 'tiff'] as const;

/** An inbox whose trigger takes these kinds. */
function openInbox(t: TestContext, args: readonly string[] = []): Promise<Inbox> {
  return Inbox.open(t, makeInboxProject(t, '{}', `*.{${wanted}}`), args);
}

/** The test picture in each kind, by the name of its file. */
async function makePhotos(beginning: string): Promise<Map<string, Buffer>> {
  const photos = new Map<string, Buffer>();
  for (const kind of wanted)
    photos.set(`${beginning} ${kind}.${kind}`, await kinds[kind](picture()).toBuffer());
  return photos;
}

/** Thumbnails are JPEGs, and called so. */
const thumbnailsBy = (file: string) => thumbnailsOf(`${path.parse(file).name}.jpg`);

/** What a user sees at the usual level of the log. */
const told = (inbox: Inbox, file: string) => inbox.linesOf(file).filter(({ level }) => level >= 30);

/** Waits for the thumbnails of these files: six each, of the whole picture, made at the first go as far as the log tells. */
async function findThumbnails(inbox: Inbox, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await until(`a line of ${file}`, () => told(inbox, file).length > 0);
    assert.match(told(inbox, file)[0]?.msg ?? '', /: 6 outputs in \d+ ms/);
  }
  assert.deepEqual(inbox.thumbnails, files.flatMap(thumbnailsBy).sort());
  for (const box of [1024, 512, 256, 128, 64, 32]) {
    const small = picture().resize(box, box, { fit: 'inside', withoutEnlargement: true });
    const expected = await seen(await small.png().toBuffer());
    for (const file of files) {
      const thumbnail = thumbnailsBy(file).find((name) => name.includes(`${box}x${box}`)) as string;
      const close = psnr(await seen(path.join(inbox.path, thumbnail)), expected);
      assert.ok(close > 25, `${thumbnail}: ${close} dB`);
    }
  }
  for (const file of files) assert.equal(told(inbox, file).length, 1, `one line of ${file}`);
}

test('a PNG, a WebP and a TIFF that are renamed into place, or written in pieces, become six thumbnails each', async (t) => {
  const inbox = await openInbox(t);
  const renamed = await makePhotos('renamed');
  for (const [file, photo] of renamed)
    fs.renameSync(put(inbox.project.root, file, photo), path.join(inbox.path, file));
  const written = await makePhotos('written');
  const pieces = 10;
  for (let piece = 0; piece < pieces; piece++) {
    for (const [file, photo] of written) {
      const [start, end] = [piece, piece + 1].map((part) => Math.floor((photo.length * part) / pieces));
      fs.appendFileSync(path.join(inbox.path, file), photo.subarray(start, end));
    }
    // What a slow writer does; the test waits for nothing here.
    await delay(15);
  }
  await findThumbnails(inbox, [...renamed.keys(), ...written.keys()]);
});

test('one whose writer pauses for so long that half of it is tried costs no failure, and has them when it is whole', async (t) => {
  const inbox = await openInbox(t, ['--log-level', 'debug']);
  const photos = await makePhotos('halting');
  for (const [file, photo] of photos)
    fs.writeFileSync(path.join(inbox.path, file), photo.subarray(0, photo.length / 2));
  for (const file of photos.keys())
    await until(`half of ${file} was tried`, () =>
      inbox.linesOf(file).some(({ msg }) => /may not be complete yet \(.*the file is cut short/.test(msg)),
    );
  assert.deepEqual([inbox.thumbnails, inbox.leftovers], [[], []]);
  for (const [file, photo] of photos)
    fs.appendFileSync(path.join(inbox.path, file), photo.subarray(Math.floor(photo.length / 2)));
  await findThumbnails(inbox, [...photos.keys()]);
});
