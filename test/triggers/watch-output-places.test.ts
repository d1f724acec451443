import assert from 'node:assert/strict';
import { sep } from 'node:path';
import { test } from 'node:test';
import { OutputPlaces, pathBelow } from '../../runtime/triggers/watch/outputs.ts';

function learned(source: string, ...outputs: string[]): OutputPlaces {
  const places = new OutputPlaces();
  places.learn(source, outputs);
  return places;
}

test('before anything is learned, what is named after the source is suspected wherever it is', () => {
  const places = new OutputPlaces();
  places.began('IMG_1.JPG');
  for (const name of [
    'IMG_1-small.jpg',
    'img_1.preview.jpg',
    'thumb_IMG_1.jpg',
    'IMG_1t.jpg',
    'x10 img_1 (2).jpg',
  ])
    for (const folder of ['', 'thumbnails/32x32/'])
      assert.equal(places.suspicion('IMG_1.JPG', folder + name), 'lasting', folder + name);
  for (const path of ['IMG_1.JPG', 'IMG_2.JPG', 'photo.jpg'])
    assert.equal(places.suspicion('IMG_1.JPG', path), 'none');
});

test('before anything is learned, other folders are suspected for a while, until a source came from them', () => {
  const places = new OutputPlaces();
  places.began('album/photo.jpg');
  const suspicion = (path: string) => places.suspicion('album/photo.jpg', path);
  assert.equal(suspicion('album/b.jpg'), 'none');
  for (const path of ['b.jpg', 'out/5f3c.jpg', 'album/out/5f3c.jpg'])
    assert.equal(suspicion(path), 'passing', path);
  places.began('out/b.jpg');
  assert.equal(suspicion('out/5f3c.jpg'), 'none');
});

test('before anything is learned, a name that only contains that of the source is suspected for a while', () => {
  const places = new OutputPlaces();
  for (const [source, path] of [
    ['1.jpg', '10.jpg'],
    ['photo.jpg', 'photosmall.jpg'],
    ['a.jpg', 'later.jpg'],
  ] as const) {
    places.began(source);
    assert.equal(places.suspicion(source, path), 'passing', path);
  }
});

test('after a result without outputs no file is suspected', () => {
  const places = learned('a.jpg');
  assert.equal(places.areAnywhere, false);
  assert.equal(places.suspicion('a.jpg', 'thumbnails/a.jpg'), 'none');
});

test('a folder in the folder of the source is suspected there for every source, with all below it', () => {
  const places = learned('album/a.jpg', 'album/thumbnails/32x32/a.jpg');
  const may = (source: string, path: string) => places.suspicion(source, path) === 'lasting';
  assert.equal(may('b.jpg', 'thumbnails/64x20/b.jpg'), true);
  assert.equal(may('x/y/b.jpg', 'x/y/thumbnails/b.jpg'), true);
  assert.equal(may('b.jpg', 'thumbnails/32x32/c.jpg'), false, 'named after another');
  assert.equal(may('b.jpg', 'b.jpg.txt'), false, 'another folder');
  assert.equal(may('b.jpg', 'x/thumbnails/b.jpg'), false, 'of another folder');
  assert.equal(may('b.jpg', 'thumbnails-old/b.jpg'), false);
});

test('names that say nothing of their source are suspected by the folder alone', () => {
  const places = learned('a.jpg', 'out/5f3c.jpg');
  assert.equal(places.suspicion('b.jpg', 'out/77aa.jpg'), 'lasting');
  assert.equal(places.suspicion('b.jpg', 'c.jpg'), 'none');
});

test('an output beside its source', () => {
  const places = learned('album/a.jpg', 'album/a.small.jpg');
  assert.equal(places.suspicion('b.jpg', 'b.small.jpg'), 'lasting');
  assert.equal(places.suspicion('b.jpg', 'c.jpg'), 'none');
  assert.equal(
    places.suspicion('b.jpg', 'album/b.small.jpg'),
    'lasting',
    'or where outputs were seen before',
  );
  assert.equal(places.suspicion('b.jpg', 'other/b.small.jpg'), 'none');
});

test('one folder for the outputs of all depths', () => {
  const places = learned('album/2024/a.jpg', 'out/a.jpg');
  assert.equal(places.suspicion('album/2025/b.jpg', 'out/b.jpg'), 'lasting');
  assert.equal(places.suspicion('b.jpg', 'out/b.jpg'), 'lasting', 'from a depth that was not seen before');
  assert.equal(places.suspicion('b.jpg', 'album/b.jpg'), 'none');
});

test('a function that scatters its outputs is suspected as if nothing had been learned', () => {
  const places = learned('a.jpg');
  for (let index = 0; index < 40; index += 1) places.learn('a.jpg', [`${index}/x.jpg`]);
  assert.equal(places.areAnywhere, true);
  places.began('b.jpg');
  assert.equal(places.suspicion('b.jpg', 'new/x.jpg'), 'passing');
  assert.equal(places.suspicion('b.jpg', 'new/b.jpg'), 'lasting');
  assert.equal(places.suspicion('b.jpg', 'c.jpg'), 'none');
});

test('a path below one of the roots, in whatever form a result has it', { skip: sep !== '/' }, () => {
  const below = (path: string) => pathBelow(['/data/inbox', '/mnt/inbox'], '/data', path);
  assert.equal(below('/data/inbox/a/b.jpg'), 'a/b.jpg');
  assert.equal(below('/mnt/inbox/a.jpg'), 'a.jpg');
  assert.equal(below('inbox/x/../a.jpg'), 'a.jpg');
  assert.equal(below('/data/inbox/..a.jpg'), '..a.jpg');
  for (const outside of ['/data/inbox', '/data/inbox2/a.jpg', '../a.jpg', '/a.jpg'])
    assert.equal(below(outside), undefined);
});
