import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import * as photos from '../support/photos.ts';
import { failureOf, thumbnail } from '../support/thumbnail.ts';

const smallPhoto = () => photos.rgbPhoto(64, 48);

describe('a dest that leads astray', () => {
  for (const [photo, name] of Object.entries({ '...jpg': '..', '..jpg': '.' })) {
    for (const dest of ['{dir}/t/{name}/{w}.{ext}', '{dir}/t/{w}/{name}']) {
      test(`${dest} is refused for a photo called ${photo}, whose {name} is another folder`, async (t) => {
        const folder = photos.photoFolder(t);
        const src = photos.put(folder, photo, await smallPhoto());
        const { code, message } = await failureOf({ src, dest, sizes: [32] });
        assert.equal(code, 'BAD_DEST');
        assert.match(message, /^`dest` has \{name\}, which is "\.\.?" for this photo .*; put more beside it/);
        assert.ok(message.includes(JSON.stringify(name)));
        assert.deepEqual(fs.readdirSync(folder), [photo]);
      });
    }

    test(`a photo called ${photo} has thumbnails all the same`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = photos.put(folder, photo, await smallPhoto());
      for (const [dest, file] of [
        ['{dir}/thumbnails/{w}x{h}/{name}.{ext}', `thumbnails/32x32/${photo}`],
        ['{dir}/./a/../t/{name}x/{w}.{ext}', `t/${name}x/32.jpg`],
      ] as const) {
        const { outputs } = await thumbnail({ src, dest, sizes: [32] });
        assert.equal(outputs[0]?.path, path.join(folder, file));
      }
    });
  }

  test('a NUL in it is told as what it is', async (t) => {
    const src = photos.put(photos.photoFolder(t), 'a.jpg', await smallPhoto());
    const { code, message } = await failureOf({ src, dest: 'out\0put' });
    assert.equal(code, 'BAD_DEST');
    assert.equal(message, '`dest` has a NUL character, which no path can have; take it out');
  });
});

describe('a dest that can’t be', () => {
  // Where no folder can be made in one that is there.
  const noFolders = '/proc';
  const skip = !fs.existsSync(noFolders) && 'there is no /proc here';
  for (const dest of [path.join(noFolders, 'x'), path.join(noFolders, 'x', 'y', 'z')]) {
    test(`${dest}, in which the system makes no folders, is an error and no endless wait`, {
      skip,
    }, async (t) => {
      const src = photos.put(photos.photoFolder(t), 'a.jpg', await smallPhoto());
      const { code, message } = await failureOf({ src, dest, sizes: [32] });
      assert.equal(code, 'UNWRITABLE');
      assert.match(message, /"\/proc\/.*" can't be written, .*; .*choose another with `dest`$/);
    });
  }

  test('a link that leads nowhere is told, and is not about permissions', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'a.jpg', await smallPhoto());
    fs.symlinkSync(path.join(folder, 'gone'), path.join(folder, 'thumbnails'));
    const { code, message } = await failureOf({ src, sizes: [32] });
    assert.equal(code, 'UNWRITABLE');
    assert.match(
      message,
      /a part of the path is not there and can’t be made, as behind a link that leads nowhere \(ENOENT\); make/,
    );
    assert.doesNotMatch(message, /writable/);
    fs.mkdirSync(path.join(folder, 'gone'));
    assert.equal((await thumbnail({ src, sizes: [32] })).outputs.length, 1);
  });

  test('a name that its new extension makes too long says so, and the way out works', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, `${'x'.repeat(251)}.jpg`, await smallPhoto());
    const { code, message } = await failureOf({ src, sizes: [32], format: 'webp' });
    assert.equal(code, 'UNWRITABLE');
    assert.match(
      message,
      /too long for the file system \(ENAMETOOLONG\); give the photo a shorter name or choose a shorter path with `dest`$/,
    );
    const { outputs } = await thumbnail({ src, sizes: [32], format: 'webp', dest: '{dir}/{w}/{name}' });
    assert.equal(outputs.length, 1);
  });
});
