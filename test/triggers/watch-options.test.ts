import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watch } from '../../runtime/triggers/watch/watch.ts';

const good = { path: 'inbox', invoke: 'thumbnail', args: (file: unknown) => file };

/** The issues that `watch` finds, by path. */
function issuesOf(options: unknown): Record<string, string> {
  const { issues = [] } = watch(options as never);
  return Object.fromEntries(issues.map(({ path, message }) => [path, message]));
}

test('a trigger knows its kind, its function and an id that other triggers do not change', () => {
  const { kind, id, functions } = watch(good);
  assert.deepEqual(
    { kind, id, functions },
    { kind: 'watch', id: 'inbox:thumbnail', functions: ['thumbnail'] },
  );
  assert.equal(watch({ ...good, path: 'inbox/' }).id, 'inbox:thumbnail');
  assert.equal(watch({ ...good, path: '/' }).id, '/:thumbnail');
  assert.equal(watch({ ...good, id: 'photos' }).id, 'photos');
});

test('all mistakes are reported at once, each with its path and what was found', () => {
  const options = {
    path: '',
    match: 5,
    ignore: [''],
    recursive: 'yes',
    invoke: undefined,
    args: {},
    attempts: 0,
  };
  assert.deepEqual(issuesOf({ ...options, existing: 1, complete: 'jpeg', id: '' }), {
    path: "expected the path of a folder, got '' (string)",
    match: 'expected a glob or a list of globs, got 5 (number)',
    ignore: "expected a glob or a list of globs, got [ '' ] (array)",
    recursive: "expected true or false, got 'yes' (string)",
    invoke: 'expected the name of a function, got nothing',
    args: 'expected a function that makes the arguments from a file, got {} (object)',
    existing: 'expected true or false, got 1 (number)',
    attempts: 'expected a whole number from 1 on, got 0 (number)',
    complete: "expected a function such as `complete.jpeg`, got 'jpeg' (string)",
    id: "expected a name, got '' (string)",
  });
});

for (const attempts of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null]) {
  test(`\`attempts\` of ${String(attempts)} (${typeof attempts}) is a mistake`, () => {
    assert.deepEqual(Object.keys(issuesOf({ ...good, attempts })), ['attempts']);
  });
}

test('options that do not exist are mistakes, with the one that was meant', () => {
  assert.deepEqual(issuesOf({ ...good, polling: true, dotfiles: false, ignores: '*.txt' }), {
    polling: 'there is no such option',
    dotfiles: 'there is no such option',
    ignores: 'there is no such option, did you mean "ignore"?',
  });
});

for (const poll of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 'often', '', '40 days', null]) {
  test(`\`poll\` of ${String(poll)} (${typeof poll}) is a mistake`, () => {
    assert.match(
      issuesOf({ ...good, poll }).poll ?? '',
      /^expected true, false, a number of ms from 1 on or /,
    );
  });
}

for (const settle of [-1, Number.NaN, Number.POSITIVE_INFINITY, 'long', true]) {
  test(`\`settle\` of ${String(settle)} (${typeof settle}) is a mistake`, () => {
    assert.match(
      issuesOf({ ...good, settle }).settle ?? '',
      /^expected a number of ms or a string such as "30s"/,
    );
  });
}

test('`poll` and `settle` take what other durations do, and `followSymlinks` is true or false', () => {
  for (const poll of [true, false, 1, 2_000, '5s', '1 min'])
    assert.deepEqual(issuesOf({ ...good, poll }), {});
  for (const settle of [0, 25, '2s']) assert.deepEqual(issuesOf({ ...good, settle }), {});
  assert.deepEqual(Object.keys(issuesOf({ ...good, followSymlinks: 'yes' })), ['followSymlinks']);
});

for (const options of [undefined, null, 'inbox', []]) {
  test(`${JSON.stringify(options)} instead of options is a mistake`, () => {
    assert.deepEqual(Object.keys(issuesOf(options)), ['']);
  });
}

for (const glob of ['/photos/*.jpg', '../*.jpg', 'C:\\photos\\*.jpg', '!*.png']) {
  test(`the glob ${glob} is a mistake, as it can never do what is meant`, () => {
    assert.deepEqual(Object.keys(issuesOf({ ...good, match: ['*.jpg', glob] })), ['match']);
    assert.deepEqual(Object.keys(issuesOf({ ...good, ignore: glob })), ['ignore']);
  });
}

test('lists may be read-only, `ignore` may be empty, and `undefined` is an option left out', () => {
  const match = ['*.jpg', '!(*.png)'] as const;
  assert.deepEqual(issuesOf({ ...good, match, ignore: [], recursive: undefined, id: undefined }), {});
});
