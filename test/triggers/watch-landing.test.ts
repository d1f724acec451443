import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WatchedFile } from '../../runtime/triggers/watch/watched-file.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { fileOf, filesOf, Watch } from './support-watch.ts';

const sizeOf = (args: unknown) => (args as WatchedFile).size;

test('a file that is renamed into the folder is handed to the function with its path, size and time', async (t) => {
  const watch = await Watch.start(t);
  const content = makeJpeg();
  watch.land('photo.jpg', content);
  const { path, name, relativePath, size, mtimeMs } = (await watch.pool.next()).args as WatchedFile;
  assert.equal(path, watch.path('photo.jpg'));
  assert.equal(name, 'photo.jpg');
  assert.equal(relativePath, 'photo.jpg');
  assert.equal(size, content.length);
  assert.ok(Math.abs(Date.now() - mtimeMs) < 60_000);
});

test('a copy in 20 pieces, 50 ms apart, is handed in once and whole, however it is laid out', async (t) => {
  const watch = await Watch.start(t);
  const photos = {
    'plain.jpg': makeJpeg({ scanBytes: 400_000 }),
    'progressive.jpg': makeJpeg({ scanBytes: 400_000, scans: 10 }),
    // Ends long before the file does: the last of it is a video, say.
    'motion.jpg': makeJpeg({ scanBytes: 100_000, trailing: Buffer.alloc(300_000, 7) }),
    'allocated.jpg': makeJpeg({ scanBytes: 400_000 }),
  };
  const copies = Object.entries(photos).map(([name, content]) => ({
    name,
    content,
    file: openSync(watch.path(name), 'w'),
  }));
  for (const { name, content, file } of copies) {
    if (name === 'allocated.jpg') ftruncateSync(file, content.length);
  }
  for (let piece = 0; piece < 20; piece += 1) {
    // The pace of the writer: nothing is waited for here.
    await delay(50);
    assert.deepEqual(filesOf(watch.pool), [], `before piece ${piece + 1} of 20`);
    for (const { content, file } of copies) {
      const start = Math.floor((content.length * piece) / 20);
      const end = Math.floor((content.length * (piece + 1)) / 20);
      writeSync(file, content, start, end - start, start);
    }
  }
  for (const { file } of copies) closeSync(file);

  watch.pool.handler = () => undefined;
  const seen = new Map<string, number>();
  for (const _ of copies) {
    const call = await watch.pool.next();
    call.succeed();
    seen.set(fileOf(call), sizeOf(call.args));
  }
  assert.deepEqual(
    seen,
    new Map(copies.map(({ name, content }) => [name, content.length])),
    'each once and whole',
  );
});

test('every way of landing is noticed, once', async (t) => {
  const watch = await Watch.start(t, { handler: () => undefined, options: { match: '*.jpg' } });
  const content = makeJpeg({ scanBytes: 50_000 });
  const source = join(watch.root, 'source.jpg');
  writeFileSync(source, content);

  watch.land('renamed.jpg', content);
  writeFileSync(watch.path('written.jpg'), content);
  copyFileSync(source, watch.path('copied.jpg'));
  linkSync(source, watch.path('linked.jpg'));
  writeFileSync(watch.path('appended.jpg'), content.subarray(0, 20_000));
  appendFileSync(watch.path('appended.jpg'), content.subarray(20_000));
  for (const [draft, name] of [
    ['.rsync.jpg.Xa81bQ', 'rsync.jpg'],
    ['browser.jpg.crdownload', 'browser.jpg'],
    ['ftp.jpg.part', 'ftp.jpg'],
  ] as const) {
    writeFileSync(watch.path(draft), content);
    renameSync(watch.path(draft), watch.path(name));
  }

  const names = ['renamed', 'written', 'copied', 'linked', 'appended', 'rsync', 'browser', 'ftp'];
  await until('all are handed in', () => watch.pool.calls.length >= names.length);
  watch.land('fence.jpg');
  await until('the last one is handed in', () => filesOf(watch.pool).includes('fence.jpg'));
  assert.deepEqual(filesOf(watch.pool).sort(), [...names, 'fence'].map((name) => `${name}.jpg`).sort());
  for (const call of watch.pool.calls) {
    if (fileOf(call) !== 'fence.jpg') assert.equal(sizeOf(call.args), content.length);
  }
});

test('unfinished, hidden and system files are left alone until they get their final name', async (t) => {
  const watch = await Watch.start(t, { handler: () => undefined });
  const names = ['.hidden.jpg', '._photo.jpg', '.syncthing.a.jpg.tmp', '~syncthing~a.jpg', 'a.jpg~'];
  for (const ending of ['part', 'partial', 'crdownload', 'tmp', 'TMP', 'aria2', 'download']) {
    names.push(`photo.jpg.${ending}`);
  }
  for (const name of names) watch.land(name);
  for (const folder of ['@eaDir', '__MACOSX', '.thumbs', 'album.download']) {
    mkdirSync(watch.path(folder));
    watch.land(join(folder, 'inside.jpg'));
  }
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
  renameSync(watch.path('photo.jpg.part'), watch.path('final.jpg'));
  assert.equal(fileOf(await watch.pool.next()), 'final.jpg');
  assert.deepEqual(filesOf(watch.pool), ['fence.jpg', 'final.jpg']);
});

test('`*.jpg` takes what a camera calls .JPG, and nothing else', async (t) => {
  const watch = await Watch.start(t, { options: { match: '*.jpg' }, handler: () => undefined });
  watch.land('notes.txt', Buffer.from('text'));
  watch.land('IMG_1.JPG');
  assert.equal(fileOf(await watch.pool.next()), 'IMG_1.JPG');
  mkdirSync(watch.path('2024'));
  watch.land('2024/IMG_2.Jpg');
  assert.equal(fileOf(await watch.pool.next()), '2024/IMG_2.Jpg');
  assert.equal(watch.pool.calls.length, 2);
});

test('an empty file waits for its content', async (t) => {
  const watch = await Watch.start(t, { handler: () => undefined, timings: { patience: 50 } });
  writeFileSync(watch.path('empty.jpg'), '');
  // Its patience ends after that of the empty one.
  watch.land('cut-off.jpg', makeJpeg().subarray(0, 500));
  assert.equal(fileOf(await watch.pool.next()), 'cut-off.jpg');
  writeFileSync(watch.path('empty.jpg'), makeJpeg());
  assert.equal(fileOf(await watch.pool.next()), 'empty.jpg');
});

test('a file that stays empty is set aside, until it gets content', async (t) => {
  const watch = await Watch.start(t, { timings: { patience: 20, youngAge: 100 } });
  writeFileSync(watch.path('empty.jpg'), '');
  await watch.pool.line('error', /^empty\.jpg is set aside until it changes: it is empty$/);
  assert.deepEqual(filesOf(watch.pool), []);
  writeFileSync(watch.path('empty.jpg'), makeJpeg());
  assert.equal(fileOf(await watch.pool.next()), 'empty.jpg');
  assert.equal(watch.pool.linesLike('error').length, 1);
});

test('a file of another format is handed in once it has been the same for 25 ms', async (t) => {
  const watch = await Watch.start(t);
  const landed = performance.now();
  watch.land('notes.txt', Buffer.from('notes'));
  assert.equal(fileOf(await watch.pool.next()), 'notes.txt');
  assert.ok(performance.now() - landed >= 25);
});

test('a photo that stays incomplete is tried once its writer has been silent for a while', async (t) => {
  const patience = 300;
  const watch = await Watch.start(t, { timings: { patience } });
  const landed = performance.now();
  watch.land('cut-off.jpg', makeJpeg().subarray(0, 1_000));
  await watch.pool.next();
  assert.ok(performance.now() - landed >= patience);
});

test('`complete` decides when a file is handed in', async (t) => {
  const asked: string[] = [];
  const watch = await Watch.start(t, {
    options: {
      complete: async (file) => {
        asked.push(file.relativePath);
        const { readFile } = await import('node:fs/promises');
        return (await readFile(file.path, 'utf8')).endsWith('END') ? 'whole' : 'partial';
      },
    },
  });
  writeFileSync(watch.path('report.txt'), 'first line\n');
  await until('it was asked about the first line', () => asked.length > 0);
  assert.equal(watch.pool.calls.length, 0);
  appendFileSync(watch.path('report.txt'), 'END');
  assert.equal(sizeOf((await watch.pool.next()).args), 'first line\nEND'.length);
  assert.deepEqual(new Set(asked), new Set(['report.txt']));
});

test('what is handed in is the version that was judged, also when the file grows during the check', async (t) => {
  const next: Record<string, string> = { first: 'first second', 'first second': 'first second third' };
  const watch = await Watch.start(t, {
    options: {
      // Written to behind its back: what `complete` has seen is not what was looked at before.
      complete: ({ path }) => {
        const more = next[readFileSync(path, 'utf8')];
        if (more) writeFileSync(path, more);
        return 'whole';
      },
    },
    handler: () => undefined,
  });
  watch.land('growing.txt', Buffer.from('first'));
  await watch.pool.line('info', /work growing\.txt/);
  watch.land('fence.txt', Buffer.from('done'));
  await watch.pool.line('info', /work fence\.txt/);
  assert.deepEqual(
    watch.pool.calls.map((call) => [fileOf(call), sizeOf(call.args)]),
    [
      ['growing.txt', 'first second third'.length],
      ['fence.txt', 4],
    ],
  );
});

test('with `settle` a file that its format does not vouch for has to be quiet for that long, and no other', async (t) => {
  const settle = 1_500;
  const watch = await Watch.start(t, { options: { settle: `${settle}ms` } });
  watch.land('report.txt', Buffer.from('half'));
  await watch.pool.line('info', /watching/);
  appendFileSync(watch.path('report.txt'), ' and half');
  const changed = performance.now();
  watch.land('photo.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'photo.jpg');
  const report = await watch.pool.next();
  assert.equal(fileOf(report), 'report.txt');
  assert.equal(sizeOf(report.args), 13);
  assert.ok(performance.now() - changed >= settle);
});

test('a `complete` that throws is reported once, and the file is judged by its quiet', async (t) => {
  const watch = await Watch.start(t, {
    options: {
      complete: () => {
        throw new Error('no idea');
      },
    },
  });
  watch.land('photo.jpg');
  await watch.pool.next();
  const lines = watch.pool.linesLike('warn');
  assert.equal(lines.length, 1);
  assert.match(lines[0]?.message ?? '', /complete.*photo\.jpg.*no idea/);
});

test('files that were there before the start are handed in, those of folders too', async (t) => {
  const watch = await Watch.start(t, {
    prepare(inbox) {
      mkdirSync(join(inbox, 'album/2024'), { recursive: true });
      for (const name of ['a.jpg', 'album/b.jpg', 'album/2024/c.jpg'])
        writeFileSync(join(inbox, name), makeJpeg());
    },
  });
  const files = new Set<string>();
  for (let count = 0; count < 3; count += 1) {
    const call = await watch.pool.next();
    files.add(fileOf(call));
    call.succeed();
  }
  assert.deepEqual(files, new Set(['a.jpg', 'album/b.jpg', 'album/2024/c.jpg']));
});

test('with `existing: false` only what lands or changes after the start is handed in', async (t) => {
  const watch = await Watch.start(t, {
    options: { existing: false },
    handler: () => undefined,
    prepare(inbox) {
      mkdirSync(join(inbox, 'album'), { recursive: true });
      for (const name of ['a.jpg', 'album/b.jpg', 'album/c.jpg'])
        writeFileSync(join(inbox, name), makeJpeg());
    },
  });
  watch.land('album/c.jpg', makeJpeg({ scanBytes: 3_000 }));
  assert.equal(fileOf(await watch.pool.next()), 'album/c.jpg');
  watch.land('new.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'new.jpg');
  assert.equal(watch.pool.calls.length, 2);
});
