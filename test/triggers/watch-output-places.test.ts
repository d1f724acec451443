import assert from 'node:assert/strict';
import { sep } from 'node:path';
import { test } from 'node:test';
import { OutputPlaces, pathBelow } from '../../runtime/triggers/watch/outputs.ts';

function learned(source: string, ...outputs: string[]): OutputPlaces {
  const places = new OutputPlaces();
  places.learn(source, outputs);
  return places;
}

test('before anything is learned an output may be anywhere, except for the source itself', () => {
  const places = new OutputPlaces();
  assert.equal(places.areAnywhere, true);
  assert.equal(places.mayHaveWritten('a.jpg', 'b.jpg'), true);
  assert.equal(places.mayHaveWritten('a.jpg', 'a.jpg'), false);
});

test('after a result without outputs no file is suspected', () => {
  const places = learned('a.jpg');
  assert.equal(places.areAnywhere, false);
  assert.equal(places.mayHaveWritten('a.jpg', 'thumbnails/a.jpg'), false);
});

test('a folder in the folder of the source is suspected there for every source, with all below it', () => {
  const places = learned('album/a.jpg', 'album/thumbnails/32x32/a.jpg');
  const may = (source: string, path: string) => places.mayHaveWritten(source, path);
  assert.equal(may('b.jpg', 'thumbnails/64x20/b.jpg'), true);
  assert.equal(may('x/y/b.jpg', 'x/y/thumbnails/b.jpg'), true);
  assert.equal(may('b.jpg', 'thumbnails/32x32/c.jpg'), false, 'named after another');
  assert.equal(may('b.jpg', 'b.jpg.txt'), false, 'another folder');
  assert.equal(may('b.jpg', 'x/thumbnails/b.jpg'), false, 'of another folder');
  assert.equal(may('b.jpg', 'thumbnails-old/b.jpg'), false);
});

test('names that say nothing of their source are suspected by the folder alone', () => {
  const places = learned('a.jpg', 'out/5f3c.jpg');
  assert.equal(places.mayHaveWritten('b.jpg', 'out/77aa.jpg'), true);
  assert.equal(places.mayHaveWritten('b.jpg', 'c.jpg'), false);
});

test('an output beside its source', () => {
  const places = learned('album/a.jpg', 'album/a.small.jpg');
  assert.equal(places.mayHaveWritten('b.jpg', 'b.small.jpg'), true);
  assert.equal(places.mayHaveWritten('b.jpg', 'c.jpg'), false);
  assert.equal(
    places.mayHaveWritten('b.jpg', 'album/b.small.jpg'),
    true,
    'or where outputs were seen before',
  );
  assert.equal(places.mayHaveWritten('b.jpg', 'other/b.small.jpg'), false);
});

test('one folder for the outputs of all depths', () => {
  const places = learned('album/2024/a.jpg', 'out/a.jpg');
  assert.equal(places.mayHaveWritten('album/2025/b.jpg', 'out/b.jpg'), true);
  assert.equal(places.mayHaveWritten('b.jpg', 'out/b.jpg'), true, 'from a depth that was not seen before');
  assert.equal(places.mayHaveWritten('b.jpg', 'album/b.jpg'), false);
});

test('a function that scatters its outputs is suspected everywhere again', () => {
  const places = learned('a.jpg');
  for (let index = 0; index < 40; index += 1) places.learn('a.jpg', [`${index}/x.jpg`]);
  assert.equal(places.areAnywhere, true);
  assert.equal(places.mayHaveWritten('b.jpg', 'new.jpg'), true);
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
