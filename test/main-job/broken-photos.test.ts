import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { Random } from '../channel/support-random.ts';
import { startService } from '../support/cli.ts';
import { filesIn } from '../support/files-in.ts';
import { thumbnailsOf } from '../support/inbox.ts';
import * as photos from '../support/photos.ts';
import { makeProject } from '../support/project.ts';
import { countsOf, receiptsIn } from '../support/status.ts';
import { until } from '../support/wait.ts';
import { decodable, makeBroken, readBroken } from './support-broken.ts';
import { notingFiles, Runs } from './support-runs.ts';

const longestMs = 180_000;

/** In three pieces, with pauses that are longer than the trigger waits between two looks. */
async function writeSlowly(file: string, photo: Buffer): Promise<void> {
  const handle = fs.openSync(file, 'w');
  try {
    const step = Math.ceil(photo.length / 3);
    for (let at = 0; at < photo.length; at += step) {
      fs.writeSync(handle, photo.subarray(at, at + step));
      await delay(60);
    }
  } finally {
    fs.closeSync(handle);
  }
}

test('broken photos, written slowly or renamed, each end with all thumbnails or with none and a reason', async (t) => {
  const project = makeProject(t, notingFiles({ attempts: 1 }));
  const dataDir = project.path('.pool');
  const inbox = project.path('inbox');
  const runs = new Runs(project);
  const service = await startService(t, project);
  const made = [...(await makeBroken(new Random(1)))];
  if (photos.realPhotos === undefined) t.diagnostic(String(photos.skippedWithoutPhotos));
  const landed = new Map<string, Buffer>(
    [...made, ...readBroken()].flatMap(([name, photo]) => [
      [`slow ${name}`, photo] as const,
      [`renamed ${name}`, photo] as const,
    ]),
  );
  await Promise.all(
    [...landed].map(([name, photo]) =>
      name.startsWith('slow')
        ? writeSlowly(path.join(inbox, name), photo)
        : project.write(`inbox/${name}`, photo),
    ),
  );
  await until(
    'an end for each',
    async () => {
      const { done = 0, setAside = 0 } = await countsOf(dataDir);
      return done + setAside === landed.size;
    },
    longestMs,
  );
  project.write('inbox/after.jpg', await photos.rgbPhoto());
  landed.set('after.jpg', fs.readFileSync(path.join(inbox, 'after.jpg')));
  await until('the photo after them', () =>
    runs.all.some(({ src, end }) => src.endsWith('after.jpg') && end),
  );
  service.interrupt();
  const { code, stderr } = await service.ended;
  assert.equal(code, 0);

  const receipts = receiptsIn(dataDir, 'photos');
  assert.deepEqual([...receipts.keys()].sort(), [...landed.keys()].sort());
  for (const name of decodable.flatMap((each) => [`slow ${each}.jpg`, `renamed ${each}.jpg`])) {
    assert.equal(receipts.get(name)?.name, 'done', `${name}: ${receipts.get(name)?.reason}`);
  }
  const expected: string[] = [];
  for (const [name, receipt] of receipts) {
    if (receipt.name === 'done') {
      expected.push(name, ...thumbnailsOf(name));
      for (const file of thumbnailsOf(name)) {
        await sharp(path.join(inbox, file), { failOn: 'warning' }).raw().toBuffer();
      }
    } else {
      expected.push(name);
      assert.equal(receipt.name, 'setAside', name);
      assert.ok(
        stderr.includes(JSON.stringify(`${name} is set aside until it changes: ${receipt.reason}`)),
        name,
      );
      assert.match(receipt.reason ?? '', /^[^\n]{10,}$/, name);
    }
  }
  assert.deepEqual(
    filesIn(inbox),
    expected.sort(),
    'nothing but photos, and six thumbnails of those that are done',
  );
  const early = runs.all.filter(({ src, version, end }) => {
    const photo = landed.get(path.basename(src));
    // Of what is no JPEG a look can't tell whether it is complete. It may be so only by the time the function reads it.
    return end === 'made' && isJpeg(photo) && Number.parseInt(version, 10) !== photo?.length;
  });
  assert.deepEqual(early, [], 'no thumbnails of a photo that was still being written');
});

const isJpeg = (photo: Buffer | undefined) => photo?.subarray(0, 2).toString('hex') === 'ffd8';
