import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { filesIn } from '../support/files-in.ts';
import { photoFolder, put, rgbPhoto } from '../support/photos.ts';
import { repository } from '../support/project.ts';
import { startExample } from '../support/run-example.ts';

const program = 'thumbnailer/main.ts';
const sizes = [1024, 128, 256, 32, 512, 64];

/** The documented command, with this folder in the place of the reader's. */
const of = (folder: string) => (command: string) => command.replace(/ photos$/, ` '${folder}'`);

const thumbnailsOf = (name: string) =>
  sizes.map((size) => path.join('thumbnails', `${size}x${size}`, name)).sort();

describe('the thumbnailer', () => {
  test('has at most 25 lines', () => {
    const source = fs.readFileSync(path.join(repository, 'examples', program), 'utf8');
    assert(source.trimEnd().split('\n').length <= 25);
  });

  test('makes the thumbnails of all JPEGs of a folder', async (t) => {
    const folder = photoFolder(t);
    for (const name of ['a.jpg', 'B.JPEG']) put(folder, name, await rgbPhoto());
    put(folder, 'notes.txt', Buffer.from('no photo'));
    const example = startExample(t, program, of(folder));
    const { code, stdout, stderr } = await example.ended;
    assert.deepEqual([code, stderr], [0, '']);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(
      lines.slice(0, -1).sort(),
      ['B.JPEG', 'a.jpg'].map((name) => `${path.join(folder, name)}: 6 thumbnails`),
    );
    assert.equal(lines.at(-1), '2 of 2 photos done');
    assert.deepEqual(
      filesIn(folder),
      ['a.jpg', 'B.JPEG', 'notes.txt', ...thumbnailsOf('a.jpg'), ...thumbnailsOf('B.JPEG')].sort(),
    );
    const { width, height } = await sharp(path.join(folder, 'thumbnails/512x512/a.jpg')).metadata();
    assert.deepEqual([width, height], [512, 341]);
    await example.untilNothingIsLeft();
  });

  test('tells of a photo that is none, and makes the others', async (t) => {
    const folder = photoFolder(t);
    const good = ['1.jpg', '2.jpg', '4.jpg'];
    for (const name of good) put(folder, name, await rgbPhoto());
    put(folder, '3.jpg', Buffer.from('broken'));
    const example = startExample(t, program, of(folder));
    const { code, stdout, stderr } = await example.ended;
    assert.equal(code, 1);
    assert.match(stderr, /^.*3\.jpg.*not a picture that can be read.*\n$/);
    assert.match(stdout, /\n3 of 4 photos done\n$/);
    assert.deepEqual(filesIn(folder), ['3.jpg', ...good, ...good.flatMap(thumbnailsOf)].sort());
    await example.untilNothingIsLeft();
  });

  test('ends with an error when there is no such folder', async (t) => {
    const folder = path.join(photoFolder(t), 'elsewhere');
    const example = startExample(t, program, of(folder));
    const { code, stderr } = await example.ended;
    assert.equal(code, 1);
    assert.match(stderr, /ENOENT.*elsewhere/);
    await example.untilNothingIsLeft();
  });
});
