import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { runPool } from '../support/cli.ts';
import { Inbox, makeInboxProject, thumbnailsOf } from '../support/inbox.ts';
import * as photos from '../support/photos.ts';
import { until } from '../support/wait.ts';

test('a photo that lands becomes six thumbnails, the same that `pool invoke` makes', async (t) => {
  const inbox = await Inbox.open(t, makeInboxProject(t));
  const photo = photos.put(inbox.project.root, 'a photo.JPG', await photos.profiledPhoto());
  fs.copyFileSync(photo, path.join(inbox.path, 'a photo.JPG'));
  await until('six thumbnails', () => inbox.thumbnails.length === 6);
  assert.deepEqual(inbox.thumbnails, thumbnailsOf('a photo.JPG').sort());
  await until('the line of the photo', () => inbox.linesOf('a photo.JPG').length > 0);
  assert.match(inbox.linesOf('a photo.JPG')[0]?.msg ?? '', /a photo\.JPG: 6 outputs in \d+ ms/);

  const { code, stdout } = await runPool(t, inbox.project, [
    'invoke',
    'thumbnail',
    '--args',
    '{"src":"a photo.JPG"}',
  ]);
  assert.equal(code, 0);
  const { outputs } = JSON.parse(stdout) as { outputs: { path: string; width: number; height: number }[] };
  for (const [index, output] of outputs.entries()) {
    const landed = path.join(inbox.path, thumbnailsOf('a photo.JPG')[index] as string);
    assert.deepEqual(fs.readFileSync(landed), fs.readFileSync(output.path));
    const { width, height, icc } = await sharp(landed).metadata();
    assert.deepEqual({ width, height }, { width: output.width, height: output.height });
    assert.ok(icc, 'the colour profile is kept');
  }
  inbox.service.interrupt();
  assert.equal((await inbox.service.ended).code, 0);
});

test('a photo that is still being written is not picked up before its last byte', async (t) => {
  const inbox = await Inbox.open(t, makeInboxProject(t));
  const photo = await photos.noise(1200, 900).jpeg().toBuffer();
  const file = path.join(inbox.path, 'slow.jpg');
  const pieces = 20;
  const step = Math.ceil(photo.length / pieces);
  for (let offset = 0; offset < photo.length; offset += step) {
    assert.deepEqual(inbox.thumbnails, [], `picked up after ${offset} of ${photo.length} bytes`);
    fs.appendFileSync(file, photo.subarray(offset, offset + step));
    // What a slow writer does; the test waits for nothing here.
    await delay(50);
  }
  await until('its thumbnails', () => inbox.linesOf('slow.jpg').length > 0);
  assert.deepEqual(inbox.thumbnails, thumbnailsOf('slow.jpg').sort());
  assert.deepEqual(
    inbox.linesOf('slow.jpg').map(({ level }) => level),
    [30],
    'one line, and no failure before it',
  );
});

test('a folder with photos that is moved in is worked off, and so is what was there before the start', async (t) => {
  const project = makeInboxProject(t);
  const photo = await photos.rgbPhoto();
  project.write('inbox/early/first.jpeg', photo);
  project.write('trip/day 1/second.jpg', photo);
  project.write('trip/day 2/night/third.jpg', photo);
  const inbox = await Inbox.open(t, project);
  fs.renameSync(project.path('trip'), path.join(inbox.path, 'trip'));
  const expected = ['early/first.jpeg', 'trip/day 1/second.jpg', 'trip/day 2/night/third.jpg'].flatMap(
    thumbnailsOf,
  );
  await until('all thumbnails', () => inbox.thumbnails.length >= expected.length);
  await until('all lines', () => inbox.lines.length >= 3);
  assert.deepEqual(inbox.thumbnails, expected.sort());
  assert.equal(inbox.lines.length, 3, 'each photo is processed once');
});

test('real camera photos become 144 thumbnails', { skip: photos.skippedWithoutPhotos }, async (t) => {
  const inbox = await Inbox.open(t, makeInboxProject(t));
  const camera = path.join(photos.realPhotos as string, 'camera');
  const names = fs.readdirSync(camera);
  for (const name of names) fs.copyFileSync(path.join(camera, name), path.join(inbox.path, name));
  await until('a line for each', () => inbox.lines.length >= names.length);
  assert.equal(inbox.thumbnails.length, 144);
  assert.deepEqual(inbox.thumbnails, names.flatMap(thumbnailsOf).sort());
  // That each equals the reference in size, metadata and pixels is asked by the tests of the function.
  assert.deepEqual(
    inbox.lines.map(({ level }) => level),
    names.map(() => 30),
  );
});

test('files made to break decoders end as thumbnails or one clear error each', {
  skip: photos.skippedWithoutPhotos,
}, async (t) => {
  const inbox = await Inbox.open(t, makeInboxProject(t));
  const corrupt = path.join(photos.realPhotos as string, 'corrupt');
  const names = fs.readdirSync(corrupt);
  for (const name of names) fs.copyFileSync(path.join(corrupt, name), path.join(inbox.path, name));
  await until(
    'an end for each',
    () => new Set(inbox.lines.map(({ file }) => file)).size >= names.length,
    120_000,
  );
  const ends = inbox.lines;
  assert.equal(ends.length, names.length, 'one line each');
  for (const { level, file, msg } of ends) {
    const made = thumbnailsOf(file).filter((thumbnail) => inbox.thumbnails.includes(thumbnail)).length;
    assert.equal(made, level === 30 ? 6 : 0, `${file}: ${msg}`);
    assert.ok(msg.includes(file));
  }
  assert.deepEqual(inbox.leftovers, []);
  fs.writeFileSync(path.join(inbox.path, 'after.jpg'), await photos.rgbPhoto());
  await until('the photo after them', () => inbox.linesOf('after.jpg').length > 0);
});
