import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { ConfigError, createRuntime, FunctionLoadError } from 'warm-pool';
import { infoOf, namesOf, openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject, type Project } from '../support/project.ts';

const esm = 'export default (_args, ctx) => ctx.functionName;';

/** How creating a runtime with this `functions` setting is refused. */
async function refusalOf(project: Project, functions?: string | string[]): Promise<ConfigError> {
  return rejectionOf(createRuntime({ cwd: project.root, config: { functions } }), ConfigError);
}

test('a folder that is not there is an error that says what to do', async (t) => {
  const project = makeProject(t);
  const missing = await refusalOf(project);
  assert.equal(missing.code, 'CONFIG');
  assert(missing.message.includes(project.path('functions')), missing.message);
  assert.match(missing.message, /no such folder/);
  assert.match(missing.message, /Create it, or name another with `functions` in pool\.config\.ts/);
  assert.deepEqual(
    missing.issues.map(({ path }) => path),
    ['functions'],
  );
  const named = await refusalOf(project, ['tasks']);
  assert(named.message.includes(project.path('tasks')), named.message);
});

test('a file in the place of the folder is an error that says so', async (t) => {
  const project = makeProject(t, { functions: 'not a folder' });
  const { message } = await refusalOf(project);
  assert(message.includes(project.path('functions')), message);
  assert.match(message, /it is no folder/);
});

test('several folders serve their functions together', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/resize.js': esm, 'tasks/nightly/clean.js': esm, 'tasks/resize.ts': esm },
    { config: { functions: ['functions', './tasks'] } },
  );
  assert.deepEqual(namesOf(runtime), ['nightly/clean', 'resize']);
  assert.equal(await runtime.invoke('nightly/clean'), 'nightly/clean');
  const { message } = await rejectionOf(runtime.invoke('resize'), FunctionLoadError);
  for (const file of [project.path('functions', 'resize.js'), project.path('tasks', 'resize.ts')]) {
    assert(message.includes(file), `${message} doesn't name ${file}`);
  }
});

test('a folder may be named by an absolute path and lie outside the project', async (t) => {
  const outside = makeProject(t, { 'tasks/clean.js': esm });
  const { runtime } = await runProject(
    t,
    { 'functions/own.js': esm },
    { config: { functions: ['functions', outside.path('tasks')] } },
  );
  assert.deepEqual(namesOf(runtime), ['clean', 'own']);
});

test('a folder that is named twice serves its functions once', async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/own.js': esm },
    { config: { functions: ['functions', './functions/'] } },
  );
  assert.equal(await runtime.invoke('own'), 'own');
});

test("the functions of a package stand beside the project's own", async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/own.js': esm },
    { config: { functions: ['functions', 'warm-pool/functions'] } },
  );
  for (const name of ['own', 'countdown', 'checksum', 'thumbnail']) {
    assert.equal(infoOf(runtime, name).state, 'ready', infoOf(runtime, name).error?.message);
  }
  assert.equal(await runtime.invoke('own'), 'own');
  assert.equal((await runtime.invoke<{ from: number }>('countdown', { from: 3 })).from, 3);
});

/** A package with one function in the folder `inside`, and what it says of it in its package.json. */
function packageFiles(name: string, inside: string, manifest: object): Record<string, string> {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', ...manifest }),
    [`node_modules/${name}/${inside}/clean.js`]: 'module.exports = (_args, ctx) => ctx.functionName;',
    [`node_modules/${name}/index.js`]: 'throw new Error("the package itself was loaded");',
  };
}

for (const [what, name, inside, manifest] of [
  ['without `exports`', '@acme/tasks', 'functions', {}],
  ['without a scope', 'tasks', 'functions', { main: './index.js' }],
  [
    'whose `exports` name the folder',
    '@acme/tasks',
    'functions',
    { exports: { './functions/*': './functions/*.js' } },
  ],
  [
    'whose `exports` put the folder elsewhere',
    '@acme/tasks',
    'build/cjs/functions',
    { exports: { '.': './index.js', './functions/*': './build/cjs/functions/*.js' } },
  ],
  [
    'whose `exports` have conditions',
    '@acme/tasks',
    'dist/functions',
    { exports: { './functions/*': { types: './types/*.d.ts', default: './dist/functions/*.js' } } },
  ],
  [
    'whose `exports` have a condition for import',
    '@acme/tasks',
    'dist/functions',
    { exports: { './functions/*': { import: './dist/functions/*.js' } } },
  ],
  ['whose `exports` leave the folder out', '@acme/tasks', 'functions', { exports: { '.': './index.js' } }],
  ['whose `exports` are one file', '@acme/tasks', 'functions', { exports: './index.js' }],
] as const) {
  test(`a package ${what} gives its functions`, async (t) => {
    const { project, runtime } = await runProject(
      t,
      { 'functions/own.js': esm, ...packageFiles(name, inside, manifest) },
      { config: { functions: ['functions', `${name}/functions`] } },
    );
    assert.deepEqual(namesOf(runtime), ['clean', 'own']);
    assert.equal(infoOf(runtime, 'clean').file, project.path('node_modules', name, inside, 'clean.js'));
    assert.equal(await runtime.invoke('clean'), 'clean');
  });
}

test('a package of a monorepo is found above the project and through its link', async (t) => {
  const monorepo = makeProject(t, {
    'packages/tasks/package.json': '{ "name": "@acme/tasks", "type": "module" }',
    'packages/tasks/functions/clean.ts': 'export default (_: unknown, ctx) => ctx.functionName;',
    'apps/shop/package.json': '{ "name": "shop", "type": "module" }',
    'apps/shop/functions/own.js': esm,
  });
  fs.mkdirSync(monorepo.path('node_modules', '@acme'));
  fs.symlinkSync(monorepo.path('packages/tasks'), monorepo.path('node_modules/@acme/tasks'), 'junction');
  const runtime = await openRuntime(t, {
    cwd: monorepo.path('apps/shop'),
    config: { functions: ['functions', '@acme/tasks/functions'] },
  });
  assert.deepEqual(namesOf(runtime), ['clean', 'own']);
  assert.equal(await runtime.invoke('clean'), 'clean');
});

test('a folder of the project comes before a package of that name', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'tasks/functions/own.js': esm, ...packageFiles('tasks', 'functions', {}) },
    { config: { functions: ['tasks/functions'] } },
  );
  assert.deepEqual(namesOf(runtime), ['own']);
  assert.equal(infoOf(runtime, 'own').file, project.path('tasks/functions/own.js'));
});

for (const entry of ['@acme/tasks/functions', 'tasks/functions']) {
  test(`${entry} of a package that is not installed is an error that says what to install`, async (t) => {
    const project = makeProject(t, { 'functions/own.js': esm });
    const error = await refusalOf(project, ['functions', entry]);
    assert(error.message.includes(`"${entry}"`), error.message);
    assert(error.message.includes(`install ${entry.replace('/functions', '')}`), error.message);
    assert.deepEqual(
      error.issues.map(({ path }) => path),
      ['functions'],
    );
  });
}

test('a package without the folder is an error that names the folder', async (t) => {
  const project = makeProject(t, {
    'functions/own.js': esm,
    ...packageFiles('@acme/tasks', 'jobs', { exports: { '.': './index.js' } }),
  });
  const { message } = await refusalOf(project, ['functions', '@acme/tasks/functions']);
  assert(message.includes(project.path('node_modules/@acme/tasks/functions')), message);
  assert.doesNotMatch(message, /Create it/, 'nobody creates a folder inside an installed package');
});
