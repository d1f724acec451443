import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { Inbox, makeInboxProject, thumbnailsOf } from '../support/inbox.ts';
import * as photos from '../support/photos.ts';
import { until } from '../support/wait.ts';

// A file of which nothing more comes takes 2 s until it is tried, and 10 s until a failure counts.
const longDeadlineMs = 120_000;

test('a photo that lacks only its end-of-image marker becomes thumbnails that have theirs', async (t) => {
  const inbox = await Inbox.open(t, makeInboxProject(t));
  const landed = performance.now();
  const names = ['baseline.jpg', 'progressive.jpg'];
  for (const [index, whole] of [await photos.rgbPhoto(), await photos.progressivePhoto()].entries()) {
    assert.deepEqual([...whole.subarray(-2)], [0xff, 0xd9]);
    fs.writeFileSync(path.join(inbox.path, names[index] as string), whole.subarray(0, -2));
  }
  await until('a line for each', () => inbox.lines.length >= 2, longDeadlineMs);
  // Until then its last bytes may have been under way.
  assert.ok(performance.now() - landed >= 2_000);
  for (const { msg } of inbox.lines) assert.match(msg, /(?:baseline|progressive)\.jpg: 6 outputs/);
  assert.deepEqual(inbox.thumbnails, names.flatMap(thumbnailsOf).sort());
  for (const thumbnail of inbox.thumbnails) {
    const bytes = fs.readFileSync(path.join(inbox.path, thumbnail));
    assert.deepEqual([...bytes.subarray(-2)], [0xff, 0xd9]);
    await sharp(bytes, { failOn: 'warning' }).stats();
  }
  assert.equal(inbox.lines.length, 2, 'no failure before it');
});

test('half a photo ends as one clear error, and the rest of it makes it a photo like any other', async (t) => {
  const inbox = await Inbox.open(t, makeInboxProject(t));
  const whole = await photos.rgbPhoto();
  const half = Math.ceil(whole.length / 2);
  const landed = performance.now();
  fs.writeFileSync(path.join(inbox.path, 'young.jpg'), whole.subarray(0, half));
  // What a copy that was cut off long ago has left.
  const draft = photos.put(inbox.project.root, 'old.jpg', whole.subarray(0, half));
  const hourAgo = new Date(Date.now() - 3_600_000);
  fs.utimesSync(draft, hourAgo, hourAgo);
  fs.renameSync(draft, path.join(inbox.path, 'old.jpg'));
  for (const name of ['old.jpg', 'young.jpg']) {
    await until(`the line of ${name}`, () => inbox.linesOf(name).length > 0, longDeadlineMs);
    const { level, msg = '' } = inbox.linesOf(name)[0] ?? {};
    assert.equal(level, 50);
    assert.match(msg, /is set aside until it changes: it seems incomplete, and thumbnail failed 3 times/);
    assert.match(msg, /the file is cut short/);
  }
  assert.ok(performance.now() - landed >= 10_000, 'failures of the young one count when it is 10 s old');
  assert.deepEqual([inbox.thumbnails, inbox.leftovers], [[], []]);

  fs.appendFileSync(path.join(inbox.path, 'old.jpg'), whole.subarray(half));
  await until('its thumbnails', () => inbox.linesOf('old.jpg').length > 1, longDeadlineMs);
  assert.match(inbox.linesOf('old.jpg')[1]?.msg ?? '', /old\.jpg: 6 outputs/);
  assert.deepEqual(inbox.thumbnails, thumbnailsOf('old.jpg').sort());
  assert.equal(inbox.lines.length, 3, 'one line for each end');
});
