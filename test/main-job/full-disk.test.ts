import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runPool, startService } from '../support/cli.ts';
import { filesIn } from '../support/files-in.ts';
import { thumbnailsOf } from '../support/inbox.ts';
import * as photos from '../support/photos.ts';
import { type Cleanup, makeProject } from '../support/project.ts';
import { mountDisk, type SmallDisk, skippedWithoutMount } from '../support/small-disk.ts';
import { untilCounted, untilWritten } from '../support/status.ts';
import { until } from '../support/wait.ts';
import { notingFiles, Runs } from './support-runs.ts';

const touch = (file: string) => fs.utimesSync(file, new Date(), new Date());

const photoAndThumbnails = ['photo.jpg', ...thumbnailsOf('photo.jpg')].sort();

/** Lands a photo on a disk that has no room for its thumbnails, which need some 800 KB. */
async function landOnFullDisk(disk: SmallDisk, inbox: string): Promise<void> {
  const draft = path.join(disk.path, 'draft');
  fs.writeFileSync(draft, await photos.noise(1000, 1000).jpeg().toBuffer());
  disk.fill(100_000);
  fs.renameSync(draft, path.join(inbox, 'photo.jpg'));
}

test('a photo whose thumbnails have no room on the disk gets them when there is some', async (t) => {
  const disk = mountDisk(t, '6m');
  if (!disk) return t.skip(skippedWithoutMount);
  const inbox = path.join(disk.path, 'inbox');
  const project = makeProject(t, notingFiles({ path: inbox, attempts: 1 }));
  const runs = new Runs(project);
  const service = await startService(t, project);
  await landOnFullDisk(disk, inbox);
  await service.says(
    /thumbnail has no room for photo\.jpg: .*the disk is full \(ENOSPC\); make room and try again\. Files wait until there is some/,
  );
  const [run] = await until('a failure', () => (runs.all[0]?.end === 'failed' ? runs.all : undefined));
  assert.match(
    run?.reason ?? '',
    /photo\.jpg" can't be written, the disk is full \(ENOSPC\); make room and try again/,
  );
  await untilCounted(project.path('.pool'), { waiting: 1 });
  assert.deepEqual(filesIn(inbox), ['photo.jpg'], 'no thumbnail, and no part of one');
  await until('it is tried again', () => runs.all.length > 2);
  disk.free();
  await untilCounted(project.path('.pool'), { done: 1 });
  assert.deepEqual(filesIn(inbox), photoAndThumbnails);
  await service.says(/thumbnail has room again/);
});

test('a photo whose thumbnails are larger than the process may write is set aside with that reason, alone', async (t) => {
  const project = makeProject(t, notingFiles({ attempts: 1 }));
  // In units of 512 bytes: enough for the database, and not for the largest thumbnail of noise.
  const service = await startService(t, project, [], {
    within: ['sh', '-c', 'ulimit -f 400; exec "$@"', 'sh'],
  });
  project.write('inbox/noise.jpg', await photos.noise(1000, 1000).jpeg().toBuffer());
  await service.says(
    /noise\.jpg is set aside until it changes: .*would be larger than this process may write \(EFBIG\); raise that limit/,
  );
  project.write('inbox/photo.jpg', await photos.rgbPhoto());
  await untilCounted(project.path('.pool'), { done: 1, setAside: 1 });
  assert.deepEqual(filesIn(project.path('inbox')), ['noise.jpg', ...photoAndThumbnails].sort());
});

test('a file where the folder of the thumbnails should be is told, and nothing is lost by it', async (t) => {
  const project = makeProject(t, notingFiles({ attempts: 1 }));
  project.write('inbox/thumbnails', 'in the way');
  const service = await startService(t, project);
  project.write('inbox/photo.jpg', await photos.rgbPhoto());
  await service.says(
    /photo\.jpg is set aside until it changes: thumbnail failed: .*can't be written, .*is a file/,
  );
  await untilCounted(project.path('.pool'), { setAside: 1 });
  assert.deepEqual(filesIn(project.path('inbox')), ['photo.jpg', 'thumbnails']);
  project.remove('inbox/thumbnails');
  touch(project.path('inbox/photo.jpg'));
  await untilCounted(project.path('.pool'), { done: 1 });
  assert.deepEqual(filesIn(project.path('inbox')), photoAndThumbnails);
});

test('so is a read-only folder', async (t) => {
  const disk = mountDisk(t, '6m');
  if (!disk) return t.skip(skippedWithoutMount);
  const project = makeProject(t, notingFiles({ attempts: 1 }));
  fs.mkdirSync(project.path('inbox'));
  fs.symlinkSync(disk.path, project.path('inbox/thumbnails'));
  disk.setReadOnly(true);
  const service = await startService(t, project);
  project.write('inbox/photo.jpg', await photos.rgbPhoto());
  await service.says(
    /photo\.jpg is set aside until it changes: thumbnail failed: .*can't be written, the file system is read-only \(EROFS\); make its folder writable/,
  );
  await untilCounted(project.path('.pool'), { setAside: 1 });
  disk.setReadOnly(false);
  assert.deepEqual(filesIn(disk.path), []);
  touch(project.path('inbox/photo.jpg'));
  await untilCounted(project.path('.pool'), { done: 1 });
  const thumbnails = thumbnailsOf('photo.jpg').map((file) => file.replace('thumbnails/', ''));
  assert.deepEqual(filesIn(disk.path), thumbnails.sort());
});

test('with its data folder on a full disk a runtime runs nothing, and all of it once when there is room', async (t) => {
  const disk = mountDisk(t, '4m');
  if (!disk) return t.skip(skippedWithoutMount);
  const dataDir = path.join(disk.path, 'data');
  const project = makeProject(t, notingFiles({ dataDir }));
  const runs = new Runs(project);
  const service = await startService(t, project);
  const photo = await photos.rgbPhoto();
  project.write('inbox/first.jpg', photo);
  await untilWritten(dataDir, { done: 1 });
  disk.fill();
  const names = Array.from({ length: 8 }, (_, index) => `${index}.jpg`);
  for (const name of names) project.write(`inbox/${name}`, photo);
  await service.says(
    /pool\.db can't be written: .*full.*What triggers have in line waits until it can be written again/,
  );
  assert.equal(runs.all.length, 1, 'what can not be written down is not begun');
  disk.free();
  await untilCounted(dataDir, { done: 9 });
  await service.says(/pool\.db can be written again/);
  assert.deepEqual(
    runs.all.map(({ src, end }) => `${path.basename(src)} ${end}`).sort(),
    ['first.jpg', ...names].map((name) => `${name} made`).sort(),
  );
  service.interrupt();
  assert.equal((await service.ended).code, 0);
});

/** A runtime with one photo done, and another that landed when there was no room for its data folder any more. */
async function startOnFullDisk(test: Cleanup, disk: SmallDisk) {
  const dataDir = path.join(disk.path, 'data');
  const project = makeProject(test, notingFiles({ dataDir }));
  const runs = new Runs(project);
  const photo = await photos.rgbPhoto();
  const service = await startService(test, project);
  project.write('inbox/first.jpg', photo);
  await untilWritten(dataDir, { done: 1 });
  disk.fill();
  project.write('inbox/second.jpg', photo);
  await service.says(/pool\.db can't be written/);
  return {
    project,
    service,
    runs,
    async restartWithRoom() {
      disk.free();
      await startService(test, project);
      await untilCounted(dataDir, { done: 2 });
      assert.deepEqual(
        runs.all.map(({ src }) => path.basename(src)),
        ['first.jpg', 'second.jpg'],
      );
    },
  };
}

test('one that is killed there is started again when there is room, and says why it is not before', async (t) => {
  const disk = mountDisk(t, '4m');
  if (!disk) return t.skip(skippedWithoutMount);
  const { project, service, restartWithRoom } = await startOnFullDisk(t, disk);
  service.interrupt('SIGKILL');
  await service.untilNothingIsLeft();

  const { code, stderr } = await runPool(t, project, ['start']);
  assert.match(
    stderr,
    /^pool: Nothing can be written to the data folder .*data: ENOSPC.*Make room there .* or choose another one by `dataDir`/m,
  );
  assert.equal(code, 69);
  await restartWithRoom();
});

test('one that is stopped there ends, and does what is left when it is started where there is room', async (t) => {
  const disk = mountDisk(t, '4m');
  if (!disk) return t.skip(skippedWithoutMount);
  const { service, runs, restartWithRoom } = await startOnFullDisk(t, disk);
  service.interrupt();
  assert.equal((await service.ended).code, 0);
  assert.match(service.stderr(), /pool\.db: one change could not be written/);
  assert.equal(runs.all.length, 1, 'what can not be written down is not begun');
  await restartWithRoom();
});
