import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { filesIn } from '../support/files-in.ts';
import * as photos from '../support/photos.ts';
import { mountDisk, skippedWithoutMount } from '../support/small-disk.ts';
import { failureOf, settled, thumbnail, thumbnailHere } from '../support/thumbnail.ts';

describe('a photo that can’t be read', () => {
  const troubles = [
    {
      what: 'a missing file',
      code: 'SOURCE_MISSING',
      says: /no such file \(looked for ".*photo\.jpg"\)/,
      make: () => {},
    },
    {
      what: 'a folder',
      code: 'NOT_A_FILE',
      says: /it is a folder/,
      make: (file: string) => fs.mkdirSync(file),
    },
    {
      what: 'an empty file',
      code: 'EMPTY',
      says: /is empty/,
      make: (file: string) => fs.writeFileSync(file, ''),
    },
    {
      what: 'a text file',
      code: 'UNSUPPORTED',
      says: /not a picture that can be read, .* \(it begins with the bytes 68656c6c\); convert it/,
      make: (file: string) => fs.writeFileSync(file, 'hello'),
    },
    {
      what: 'a named pipe',
      code: 'NOT_A_FILE',
      says: /a pipe, socket or device/,
      make: (file: string) => execFileSync('mkfifo', [file]),
    },
    {
      what: 'links in a circle',
      code: 'SOURCE_UNREADABLE',
      says: /ELOOP/,
      make: (file: string) => fs.symlinkSync(file, file),
    },
  ];
  for (const { what, code, says, make } of troubles) {
    test(`${what} is told apart`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = path.join(folder, 'photo.jpg');
      await make(src);
      const failure = await failureOf({ src });
      assert.equal(failure.code, code);
      assert.match(failure.message, says);
    });
  }

  test('one without permission says so', asNobody(), async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    fs.chmodSync(folder, 0o755);
    fs.chmodSync(src, 0);
    const { code, message } = await withoutPrivileges(() => failureOf({ src }, thumbnailHere));
    assert.equal(code, 'SOURCE_UNREADABLE');
    assert.match(message, /permission was denied \(EACCES\)/);
  });

  test('one that grows while it is read is not taken for a whole one', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    fs.truncateSync(src, 200 * 1024 ** 2); // so that reading takes a while
    let reading = true;
    const failure = failureOf({ src }).finally(() => {
      reading = false;
    });
    while (reading) {
      fs.appendFileSync(src, 'more');
      await nextTurn();
    }
    const { code, message } = await failure;
    assert.equal(code, 'SOURCE_CHANGED');
    assert.match(message, /changed while it was read/);
  });
});

describe('a damaged photo', () => {
  for (const [kind, make] of Object.entries({
    baseline: photos.rgbPhoto,
    progressive: photos.progressivePhoto,
  })) {
    test(`a ${kind} one that is cut short anywhere says so and leaves nothing`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await make();
      for (const length of [
        30,
        200,
        photo.length >> 2,
        photo.length >> 1,
        photo.length - 300,
        photo.length - 20,
      ]) {
        const src = photos.put(folder, 'photo.jpg', photo.subarray(0, length));
        const { code, message } = await failureOf({ src });
        assert.equal(code, 'TRUNCATED', `cut at ${length} of ${photo.length}: ${message}`);
      }
      assert.deepEqual(filesIn(folder), ['photo.jpg']);
    });
  }

  test('one that lacks the very last of its picture is cut short, too', async (t) => {
    const folder = photos.photoFolder(t);
    const photo = await photos.picture(904, 600).jpeg({ chromaSubsampling: '4:4:4', quality: 90 }).toBuffer();
    for (let missing = 4; missing < 100; missing += 5) {
      const { code } = await failureOf({ src: photos.put(folder, 'photo.jpg', photo.subarray(0, -missing)) });
      assert.equal(code, 'TRUNCATED', `${missing} bytes missing`);
    }
  });

  test('one that got its size before its contents, so that it ends in zeros, is cut short', async (t) => {
    const folder = photos.photoFolder(t);
    // Of such a quality that a decoder finds enough zeros to make the rest of a picture of.
    const photo = await photos.noise(600, 400).jpeg({ quality: 100, optimiseCoding: false }).toBuffer();
    const { code } = await failureOf({
      src: photos.put(folder, 'photo.jpg', photo.fill(0, photo.length >> 1)),
    });
    assert.equal(code, 'TRUNCATED');
  });

  for (const [kind, make] of Object.entries({
    baseline: photos.rgbPhoto,
    progressive: photos.progressivePhoto,
    CMYK: photos.cmykPhoto,
  })) {
    test(`a ${kind} one that lacks only its end marker gets the thumbnails of the whole one`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await make();
      const whole = await thumbnail({ src: photos.put(folder, 'whole.jpg', photo) });
      const unended = await thumbnail({ src: photos.put(folder, 'unended.jpg', photo.subarray(0, -2)) });
      assert.deepEqual(contentsOf(unended), contentsOf(whole));
    });
  }

  test('bytes after its end, fill bytes and stray bytes in its header don’t matter', async (t) => {
    const folder = photos.photoFolder(t);
    const photo = await photos.orientedPhoto(6);
    const expected = contentsOf(await thumbnail({ src: photos.put(folder, 'photo.jpg', photo) }));
    const fill = Buffer.alloc(5, 0xff);
    const variants = {
      'trailing text': Buffer.concat([photo, Buffer.from('trailing bytes')]),
      'a second picture behind it': Buffer.concat([photo, await photos.greyPhoto()]),
      'a megabyte of zeros behind it': Buffer.concat([photo, Buffer.alloc(1024 ** 2)]),
      'fill bytes': photos.withHeader(photo, fill),
      'stray bytes': photos.withHeader(photo, Buffer.from('stray')),
    };
    for (const [what, variant] of Object.entries(variants)) {
      const result = await thumbnail({ src: photos.put(folder, 'variant.jpg', variant) });
      assert.deepEqual(contentsOf(result), expected, what);
    }
  });

  test('a picture with more pixels than it may have is refused without being decoded', async (t) => {
    const folder = photos.photoFolder(t);
    const photo = await photos.rgbPhoto();
    const frame = photo.indexOf(Buffer.from([0xff, 0xc0]));
    photo.writeUInt16BE(60_000, frame + 5);
    photo.writeUInt16BE(60_000, frame + 7);
    const { code, message } = await failureOf({ src: photos.put(folder, 'photo.jpg', photo) });
    assert.equal(code, 'TOO_LARGE');
    assert.match(message, /60000 x 60000 pixels/);
  });

  for (const { what, offset, value, code, says } of [
    {
      what: '12 bits per channel',
      offset: 4,
      value: 12,
      code: 'UNSUPPORTED',
      says: /12 bits per colour channel/,
    },
    { what: 'two channels', offset: 9, value: 2, code: 'UNSUPPORTED', says: /2 colour channels/ },
  ]) {
    test(`${what} are refused by that name`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await photos.rgbPhoto();
      photo[photo.indexOf(Buffer.from([0xff, 0xc0])) + offset] = value;
      const failure = await failureOf({ src: photos.put(folder, 'photo.jpg', photo) });
      assert.equal(failure.code, code);
      assert.match(failure.message, says);
    });
  }
});

describe('names', () => {
  const names = {
    'of 255 bytes': `${'ü'.repeat(125)}x.jpg`,
    'with spaces': ' two  words .jpg',
    'with quotes': `it's "quoted".jpg`,
    'with emoji': '🏖️👩‍👩‍👧.jpg',
    'with a newline': 'two\nlines.jpg',
    'with braces': '{w}{name}{other}.jpg',
    'with a dollar': "$& $1 $'.jpg",
    'with a dash in front': '-rf.jpg',
    'in capitals': 'DSC_0001.JPG',
  };
  for (const [kind, name] of Object.entries(names)) {
    test(`${kind} are kept exactly`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = photos.put(folder, name, await photos.rgbPhoto());
      await thumbnail({ src, sizes: [64] });
      assert.deepEqual(fs.readdirSync(path.join(folder, 'thumbnails', '64x64')), [name]);
      const failure = await failureOf({ src: `${src}/missing` });
      assert.equal(failure.code, 'SOURCE_UNREADABLE');
    });
  }
});

describe('thumbnails that can’t be written', () => {
  test('a file where a folder should be', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    fs.writeFileSync(path.join(folder, 'thumbnails'), 'in the way');
    const { code, message } = await failureOf({ src });
    assert.equal(code, 'UNWRITABLE');
    assert.match(message, /thumbnails\/1024x1024\/photo\.jpg" can't be written, .*is a file/);
  });

  test('a folder where a file should be: nothing is written at all', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    fs.mkdirSync(path.join(folder, 'thumbnails', '32x32', 'photo.jpg'), { recursive: true });
    const { code, message } = await failureOf({ src });
    assert.equal(code, 'UNWRITABLE');
    assert.match(message, /photo\.jpg" is a folder/);
    assert.deepEqual(filesIn(folder), ['photo.jpg']);
  });

  test('a folder without permission', asNobody(), async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    fs.chmodSync(folder, 0o555);
    const { code, message } = await withoutPrivileges(() => failureOf({ src }, thumbnailHere));
    assert.equal(code, 'UNWRITABLE');
    assert.match(
      message,
      /permission was denied \(EACCES\); make its folder writable or choose another with `dest`/,
    );
  });

  test('a full disk: what was written is removed, what was there stays', async (t) => {
    const disk = mountDisk(t, '128k')?.path;
    if (disk === undefined) return t.skip(skippedWithoutMount);
    const folder = photos.photoFolder(t);
    const small = photos.put(folder, 'photo.jpg', await photos.rgbPhoto(64, 64));
    await thumbnail({ src: small, dest: disk });
    const before = filesIn(disk);
    assert.equal(before.length, 6);
    const noise = await photos.noise(1000, 1000).jpeg().toBuffer();
    const large = photos.put(folder, 'photo.jpg', noise);
    const { code, message } = await failureOf({ src: large, dest: disk });
    assert.equal(code, 'DISK_FULL');
    assert.match(message, /the disk is full \(ENOSPC\); make room and try again/);
    assert.deepEqual(filesIn(disk), before);
  });

  test('a read-only disk, on which not even their folder can be made', async (t) => {
    const disk = mountDisk(t, '128k');
    if (disk === undefined) return t.skip(skippedWithoutMount);
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    disk.setReadOnly(true);
    const { code, message } = await failureOf({ src, dest: path.join(disk.path, 'deep', 'down') });
    assert.equal(code, 'UNWRITABLE');
    assert.match(
      message,
      /the file system is read-only \(EROFS\); make its folder writable or choose another/,
    );
    disk.setReadOnly(false);
    const { outputs } = await thumbnail({ src, dest: path.join(disk.path, 'deep', 'down') });
    assert.equal(outputs.length, 6);
  });
});

describe('stopping', () => {
  test('a signal that has already aborted: nothing is read or written', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto());
    const reason = new Error('not needed any more');
    for (const photo of [src, `${src}.missing`]) {
      const rejected = thumbnail({ src: photo }, { signal: AbortSignal.abort(reason) });
      await assert.rejects(rejected, { name: 'CancelledError', cause: reason });
    }
    assert.deepEqual(filesIn(folder), ['photo.jpg']);
  });

  test('a signal that aborts while the photo is decoded: the reason, and no file', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await photos.rgbPhoto(3000, 2000));
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const rejected = thumbnail({ src }, { signal: controller.signal });
    const stopped = assert.rejects(rejected, { name: 'CancelledError', cause: reason });
    await nextTurn();
    controller.abort(reason);
    await stopped;
    await settled();
    assert.deepEqual(filesIn(folder), ['photo.jpg']);
  });
});

function contentsOf({ outputs }: { outputs: { path: string }[] }): string[] {
  return outputs.map((output) => fs.readFileSync(output.path).toString('hex'));
}

/** Permissions mean nothing to root, and Windows has others: tests of them run where a user without rights can be had. */
function asNobody() {
  return { skip: process.getuid === undefined && 'permissions can’t be taken away here' };
}

async function withoutPrivileges<T>(action: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await action();
  const nobody = 65_534;
  process.seteuid?.(nobody);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}
