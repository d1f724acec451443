import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FunctionLoadError, FunctionNotFoundError } from 'warm-pool';
import { infoOf, namesOf, openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';

const esm = 'export default (_args, ctx) => ctx.functionName;';
const cjs = 'module.exports = (_args, ctx) => ctx.functionName;';

test('the name of a function is its path without the extension', async (t) => {
  const files = {
    'resize.ts': 'resize',
    'crop.mts': 'crop',
    'rotate.js': 'rotate',
    'flip.mjs': 'flip',
    'blur.cjs': 'blur',
    'images/sharpen.ts': 'images/sharpen',
    'images/raw/develop.js': 'images/raw/develop',
    'video/index.ts': 'video',
    'audio/mix/index.cjs': 'audio/mix',
    'resize.v2.ts': 'resize.v2',
    'indexes.js': 'indexes',
    'with space.ts': 'with space',
    'grün.js': 'grün',
    '50%#1.ts': '50%#1',
    'why?.js': 'why?',
  };
  const sources = Object.keys(files).map((file) => [`functions/${file}`, file.endsWith('.cjs') ? cjs : esm]);
  const { project, runtime } = await runProject(t, Object.fromEntries(sources));

  assert.deepEqual(namesOf(runtime), Object.values(files).sort());
  for (const [file, name] of Object.entries(files)) {
    assert.equal(infoOf(runtime, name).file, project.path('functions', file));
    assert.equal(await runtime.invoke(name), name);
  }
});

test('shared code, declarations, tests and installed packages are no functions', async (t) => {
  const passedOver = [
    '_shared.ts',
    '_lib/inner.ts',
    '.hidden.js',
    '.folder/inner.js',
    'types.d.ts',
    'types.d.mts',
    'resize.test.ts',
    'resize.spec.js',
    'resize.test.cjs',
    'node_modules/dependency/index.js',
    'readme.md',
    'sizes.json',
    'query.sql',
    'view.tsx',
  ];
  const { runtime } = await runProject(t, {
    'functions/resize.ts': esm,
    ...Object.fromEntries(passedOver.map((file) => [`functions/${file}`, 'throw new Error("loaded");'])),
  });
  assert.deepEqual(namesOf(runtime), ['resize']);
  assert.equal(infoOf(runtime, 'resize').state, 'ready');
});

test('a linked folder and a linked file are found under the name of the link', async (t) => {
  const project = makeProject(t, { 'functions/own.js': esm, 'shared/images/crop.js': esm });
  fs.symlinkSync(project.path('shared/images'), project.path('functions/images'), 'junction');
  fs.symlinkSync(project.path('shared/images/crop.js'), project.path('functions/cut.js'));
  fs.symlinkSync(project.path('nowhere'), project.path('functions/dangling.js'));
  const runtime = await openRuntime(t, { cwd: project.root });

  const working = runtime.functions().filter(({ state }) => state === 'ready');
  assert.deepEqual(
    working.map(({ name }) => name),
    ['cut', 'images/crop', 'own'],
  );
  for (const { name } of working) assert.equal(await runtime.invoke(name), name);
});

test('a link to a folder above it ends the search there', async (t) => {
  const project = makeProject(t, { 'functions/own.js': esm, 'functions/images/crop.js': esm });
  fs.symlinkSync(project.path('functions'), project.path('functions/images/up'), 'junction');
  const runtime = await openRuntime(t, { cwd: project.root });
  const names = namesOf(runtime);
  assert.equal(names.length, 2, `found ${names.length} functions, such as ${names[2]}`);
  assert.deepEqual(names, ['images/crop', 'own']);
});

for (const [what, files] of [
  ['two extensions', ['resize.ts', 'resize.js']],
  ['an index and a file', ['resize/index.ts', 'resize.mjs']],
  ['three files', ['resize.ts', 'resize.cjs', 'resize.mjs']],
] as const) {
  test(`${what} that give one name are an error of that name alone`, async (t) => {
    const { project, runtime } = await runProject(t, {
      'functions/other.js': esm,
      ...Object.fromEntries(
        files.map((file) => [`functions/${file}`, 'globalThis.loaded = true; export default () => 1;']),
      ),
    });
    assert.deepEqual(namesOf(runtime), ['other', 'resize']);
    const { state, error } = infoOf(runtime, 'resize');
    assert.equal(state, 'failed');
    const refused = await rejectionOf(runtime.invoke('resize'), FunctionLoadError);
    for (const file of files) {
      const place = project.path('functions', ...file.split('/'));
      assert(error?.message.includes(place), `${error?.message} doesn't name ${place}`);
      assert(refused.message.includes(place), `${refused.message} doesn't name ${place}`);
    }
    assert.equal(await runtime.invoke('other'), 'other');
  });
}

test('an empty folder serves nothing and says so', async (t) => {
  const project = makeProject(t);
  fs.mkdirSync(project.path('functions'));
  const runtime = await openRuntime(t, { cwd: project.root });
  assert.deepEqual(runtime.functions(), []);
  const error = await rejectionOf(runtime.invoke('resize'), FunctionNotFoundError);
  assert.match(error.message, /"resize".*empty/);
});

test('a typo in a name is told the name that was meant', async (t) => {
  const { runtime } = await runProject(t, { 'functions/images/resize.js': esm, 'functions/crop.js': esm });
  const typo = await rejectionOf(runtime.invoke('images/resise'), FunctionNotFoundError);
  assert.equal(typo.closest, 'images/resize');
  assert.match(typo.message, /"images\/resise".*did you mean "images\/resize"\?/);
  assert.equal(typo.functionName, 'images/resise');
  const other = await rejectionOf(runtime.invoke('thumbnail'), FunctionNotFoundError);
  assert.equal(other.closest, undefined);
  assert.match(other.message, /crop, images\/resize/);
});

test('names that every object has are names like any other', async (t) => {
  const { runtime } = await runProject(t, {
    'functions/constructor.js': esm,
    'functions/__proto__x.js': esm,
  });
  assert.equal(await runtime.invoke('constructor'), 'constructor');
  assert.equal(infoOf(runtime, 'constructor').stats.invocations, 1);
  await rejectionOf(runtime.invoke('toString'), FunctionNotFoundError);
  await rejectionOf(runtime.invoke('__proto__'), FunctionNotFoundError);
});

test('a project in a folder with spaces, signs and letters of any script works', async (t) => {
  const inner = path.join('my projects #1', '100% größe');
  const { project } = await runProject(t, { 'functions/first.js': esm });
  project.write(path.join(inner, 'package.json'), '{ "name": "inner", "type": "module" }');
  project.write(path.join(inner, 'functions', '_name.ts'), 'export const suffix: string = "!";');
  project.write(
    path.join(inner, 'functions', 'typed.ts'),
    'import { suffix } from "./_name.ts"; export default (_: unknown, ctx) => ctx.functionName + suffix;',
  );
  project.write(path.join(inner, 'functions', 'plain.js'), esm);
  const runtime = await openRuntime(t, { cwd: project.path(inner) });
  assert.equal(await runtime.invoke('typed'), 'typed!');
  assert.equal(await runtime.invoke('plain'), 'plain');
});
