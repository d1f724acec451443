import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Globs, selectionOf } from '../../runtime/triggers/watch/selection.ts';

const select = (globs: Partial<Globs>) =>
  selectionOf({ match: ['*'], ignore: [], recursive: true, ...globs });

const cases: { match: string; takes: string[]; leaves: string[] }[] = [
  {
    match: '*.jpg',
    takes: ['a.jpg', 'b/c/a.jpg', 'Canon EOS (1) [x].jpg', 'é 📷.jpg'],
    leaves: ['a.png', 'jpg'],
  },
  { match: '*.{jpg,jpeg}', takes: ['a.JPG', 'a.Jpeg', 'x/a.JPEG'], leaves: ['a.jpgx', 'a.jp'] },
  { match: '*.JPG', takes: ['a.jpg', 'a.JPG'], leaves: [] },
  { match: '{*.JPG,*.PNG}', takes: ['a.jpg', 'a.png'], leaves: ['a.gif'] },
  { match: 'IMG_*.jpg', takes: ['IMG_1.JPG'], leaves: ['img_1.jpg'] },
  { match: 'raw/*.jpg', takes: ['raw/a.JPG'], leaves: ['a.jpg', 'x/raw/a.jpg', 'Raw/a.jpg'] },
  { match: './raw/*.jpg', takes: ['raw/a.jpg'], leaves: ['a.jpg'] },
  { match: '**/raw/*.jpg', takes: ['raw/a.jpg', 'x/y/raw/a.jpg'], leaves: ['a.jpg'] },
  { match: '*', takes: ['a', 'x/y.z'], leaves: [] },
];

for (const { match, takes, leaves } of cases) {
  test(`${match} takes ${takes.join(', ')}${leaves.length > 0 ? ` and leaves ${leaves.join(', ')}` : ''}`, () => {
    const { file } = select({ match: [match] });
    assert.deepEqual(
      takes.filter((path) => !file(path)),
      [],
    );
    assert.deepEqual(leaves.filter(file), []);
  });
}

for (const ignore of ['thumbnails', 'thumbnails/', '**/thumbnails/**', '**/thumbnails']) {
  test(`a folder ignored as ${ignore} is not entered at any depth`, () => {
    const { folder } = select({ ignore: [ignore] });
    assert.equal(folder('thumbnails'), false);
    assert.equal(folder('2024/thumbnails'), false);
    assert.equal(folder('2024'), true);
    assert.equal(folder('my-thumbnails'), true);
  });
}

test('a folder ignored by its path is ignored there alone', () => {
  const { folder } = select({ ignore: ['thumbnails/**'] });
  assert.equal(folder('thumbnails'), false);
  assert.equal(folder('2024/thumbnails'), true);
});

test('`ignore` wins over `match`, with extensions compared in the same way', () => {
  const { file } = select({ match: ['*.jpg'], ignore: ['*.small.jpg'] });
  assert.equal(file('a.jpg'), true);
  assert.equal(file('a.small.JPG'), false);
});

test('hidden and unfinished files are left whatever is matched, hidden folders are not entered', () => {
  const { file, folder } = select({ match: ['**', '.*', '*.part'] });
  assert.deepEqual(['.a.jpg', 'x/._a.jpg', 'a.part', 'a.PART', 'a~', '.a.jpg.Xa81bQ'].filter(file), []);
  assert.deepEqual(['.git', 'x/.cache', '@eaDir', 'x/__MACOSX'].filter(folder), []);
  assert.deepEqual(
    ['a.party', 'part', 'tmp', 'a~b', 'eaDir'].filter((path) => !file(path)),
    [],
  );
});

test('without `recursive` no folder is entered', () => {
  assert.equal(select({ recursive: false }).folder('2024'), false);
});
