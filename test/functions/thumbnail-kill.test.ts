import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryName } from '../../functions/_thumbnail/temporary-files.ts';
import { filesIn } from '../support/files-in.ts';
import * as photos from '../support/photos.ts';
import { thumbnail, thumbnailHere } from '../support/thumbnail.ts';
import { isAlive, until, within } from '../support/wait.ts';

// Many small sizes, so that a process spends much of its time writing.
const sizes = Array.from({ length: 40 }, (_, index) => 20 + index);

/** All in one folder, where a watcher sees the first temporary file. */
const allIn = (folder: string) => path.join(folder, '{w}.{ext}');

test('a kill while writing leaves each thumbnail old or new, and the next run nothing else', async (t) => {
  const folder = photos.photoFolder(t);
  const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto(200, 150));
  const [oldOnes, newOnes] = [await contents(src, folder, 90), await contents(src, folder, 30)];
  let rounds = 0;
  // Not every kill comes before the last temporary file has its final name.
  await until('a killed process leaves temporary files', async () => {
    const dest = path.join(folder, `round-${rounds++}`);
    await killWhileWriting(src, dest);
    const left = filesIn(dest);
    for (const file of left.filter((name) => !isTemporary(name))) {
      const written = fs.readFileSync(path.join(dest, file));
      assert.ok(
        [oldOnes, newOnes].some((ones) => ones.get(file)?.equals(written)),
        `${file} is neither old nor new`,
      );
    }
    await thumbnail({ src, dest: allIn(dest), sizes, quality: 90 });
    await until('the temporary files to be gone', () => !filesIn(dest).some(isTemporary));
    assert.deepEqual(filesIn(dest), [...oldOnes.keys()].sort());
    return left.some(isTemporary);
  });
});

test('two processes that make the same thumbnails at the same time don’t mix them up', async (t) => {
  const folder = photos.photoFolder(t);
  const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto(200, 150));
  const dest = path.join(folder, 'both');
  const [oldOnes, newOnes] = [await contents(src, folder, 90), await contents(src, folder, 30)];
  const child = startLoop(src, dest);
  try {
    await within('the other process to begin', once(child.stdout as Readable, 'data'));
    for (let turn = 0; turn < 10; turn++) {
      const { outputs } = await thumbnail({
        src,
        dest: allIn(dest),
        sizes,
        quality: turn % 2 === 0 ? 90 : 30,
      });
      for (const output of outputs) {
        const file = path.relative(dest, output.path);
        const written = fs.readFileSync(output.path);
        assert.ok(
          [oldOnes, newOnes].some((ones) => ones.get(file)?.equals(written)),
          `${file} is mixed up`,
        );
      }
    }
    assert.equal(child.exitCode, null, 'the other process has ended');
  } finally {
    await stop(child);
  }
});

describe('temporary files found in a folder', () => {
  test('those of a process that is gone and old ones of other machines are removed', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    const target = path.join(folder, 'thumbnails', '64x64');
    fs.mkdirSync(target, { recursive: true });
    const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(gone, 'exit');
    const inUse = temporaryName();
    const ofGone = inUse.replace(String(process.pid), String(gone.pid));
    const elsewhere = ofGone.replace(/^\.thumbnail-[0-9a-f]{8}/, '.thumbnail-00000000');
    const elsewhereLongAgo = elsewhere.replace('.tmp', '').replace(/[0-9a-f]{8}$/, '00000000.tmp');
    const notOurs = '.thumbnail-notes.tmp';
    for (const name of [inUse, ofGone, elsewhere, elsewhereLongAgo, notOurs]) {
      fs.writeFileSync(path.join(target, name), '');
    }
    const twoHoursAgo = Date.now() / 1000 - 2 * 60 * 60;
    fs.utimesSync(path.join(target, elsewhereLongAgo), twoHoursAgo, twoHoursAgo);
    await thumbnail({ src, sizes: [64] });
    const expected = [elsewhere, inUse, notOurs, 'photo.jpg'].sort();
    await until('the others to be gone', () => fs.readdirSync(target).length <= expected.length);
    assert.deepEqual(fs.readdirSync(target).sort(), expected);
  });

  test('those of a process that was killed and whose end nobody has taken note of are removed', {
    skip: process.platform !== 'linux' && 'only /proc tells such a process from one that runs',
  }, async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    const target = path.join(folder, 'thumbnails', '64x64');
    fs.mkdirSync(target, { recursive: true });
    // The second program takes the place of the shell, and knows of no child. So do some that are the first in a container.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { detached: true });
    t.after(() => process.kill(-(parent.pid as number), 'SIGKILL'));
    const [line] = await within('the process', once(parent.stdout, 'data'));
    const pid = Number(line);
    const programOf = (id: number) => fs.readFileSync(`/proc/${id}/comm`, 'utf8').trim();
    await until('both programs', () => [parent.pid as number, pid].every((id) => programOf(id) === 'sleep'));
    const startedAt = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
    process.kill(pid, 'SIGKILL');
    await until('its end', async () => !(await isAlive(pid)));
    const own = new RegExp(`-${process.pid}-\\d+`);
    fs.writeFileSync(path.join(target, temporaryName().replace(own, `-${pid}-${startedAt}`)), '');
    await thumbnail({ src, sizes: [64] });
    await until('it to be gone', () => fs.readdirSync(target).length === 1);
    assert.equal(process.kill(pid, 0), true, 'its end is still not taken note of');
    assert.deepEqual(fs.readdirSync(target), ['photo.jpg']);
  });

  test('those of a process that was killed are removed when another one has its number by now', {
    skip: process.platform !== 'linux' && 'only /proc tells when a process began',
  }, async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    const target = path.join(folder, 'thumbnails', '64x64');
    fs.mkdirSync(target, { recursive: true });
    const inUse = temporaryName();
    const started = new RegExp(`(?<=-${process.pid}-)\\d+`);
    const before = inUse.replace(started, (ticks) => String(Number(ticks) - 1));
    assert.notEqual(before, inUse);
    for (const name of [inUse, before]) fs.writeFileSync(path.join(target, name), '');
    await thumbnail({ src, sizes: [64] });
    await until('it to be gone', () => !fs.existsSync(path.join(target, before)));
    assert.deepEqual(fs.readdirSync(target).sort(), [inUse, 'photo.jpg']);
  });

  test('one that is left just after its folder was looked through is removed all the same, without another run', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    const target = path.join(folder, 'thumbnails', '64x64');
    const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(gone, 'exit');
    const name = () => temporaryName().replace(String(process.pid), String(gone.pid));
    fs.mkdirSync(target, { recursive: true });
    // Once the first is removed the folder is not looked through again for a while.
    for (const leftover of [name(), name()]) {
      fs.writeFileSync(path.join(target, leftover), '');
      await thumbnailHere({ src, sizes: [64] });
      await until('it is gone', () => !fs.existsSync(path.join(target, leftover)));
    }
  });
});

/** What each thumbnail's file holds at a quality, by its path below its folder. */
async function contents(src: string, folder: string, quality: number): Promise<Map<string, Buffer>> {
  const dest = path.join(folder, `quality-${quality}`);
  const { outputs } = await thumbnail({ src, dest: allIn(dest), sizes, quality });
  return new Map(outputs.map((output) => [path.relative(dest, output.path), fs.readFileSync(output.path)]));
}

async function killWhileWriting(src: string, dest: string): Promise<void> {
  fs.mkdirSync(dest);
  const child = startLoop(src, dest);
  const watcher = fs.watch(dest);
  let whole = 0;
  watcher.on('change', (_, name) => {
    // The second time round there are old files to be replaced.
    if (String(name) === `${sizes.at(-1)}.jpg`) whole++;
    if (whole > 0 && isTemporary(String(name))) child.kill('SIGKILL');
  });
  try {
    await within('the process to be killed', once(child, 'exit'));
  } finally {
    watcher.close();
    await stop(child);
  }
}

function startLoop(src: string, dest: string): ChildProcess {
  const script = fileURLToPath(new URL('../support/thumbnail-loop.ts', import.meta.url));
  const command = ['--import', import.meta.resolve('tsx'), script, src, allIn(dest), JSON.stringify(sizes)];
  return spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const isTemporary = (name: string) => path.basename(name).startsWith('.');
