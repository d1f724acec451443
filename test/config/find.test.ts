import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { ConfigError, createRuntime } from 'warm-pool';
import { namesOf, openRuntime, rejectionOf } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';

const esmFunction = 'export default () => process.env.FROM;';

/** A configuration as an ES module, that says by an environment variable of the workers which file it came from. */
const esm = (file: string) => `
  import { defineConfig } from 'warm-pool';
  export default defineConfig({ functions: 'tasks', pool: { max: 1, env: { FROM: '${file}' } } });`;

const typed = (file: string) => `
  import { type Config, defineConfig } from 'warm-pool';
  const functions: string = 'tasks';
  const env: Record<string, string> = { FROM: '${file}' };
  const config: Config = defineConfig({ functions, pool: { max: 1, env } });
  export default config satisfies Config;`;

const cjs = (file: string) => `
  const { defineConfig } = require('warm-pool');
  module.exports = defineConfig({ functions: 'tasks', pool: { max: 1, env: { FROM: '${file}' } } });`;

const compiled = (file: string) => `
  "use strict";
  Object.defineProperty(exports, "__esModule", { value: true });
  const warm_pool_1 = require("warm-pool");
  exports.default = (0, warm_pool_1.defineConfig)({ functions: 'tasks', pool: { max: 1, env: { FROM: '${file}' } } });`;

/** Creates a runtime for the folder that it is run in, and says what it has found. */
const program = `
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime();
  const { configPath, root } = runtime;
  const names = runtime.functions().map(({ name }) => name);
  console.log(JSON.stringify({ configPath, root, names, from: await runtime.invoke('from') }));
  await runtime.close();`;

for (const [what, manifest, files] of [
  [
    '"type": "module"',
    { type: 'module' },
    [
      ['pool.config.ts', typed],
      ['pool.config.mts', typed],
      ['pool.config.js', esm],
      ['pool.config.mjs', esm],
    ],
  ],
  [
    'no "type"',
    {},
    [
      ['pool.config.ts', typed],
      ['pool.config.mts', typed],
      ['pool.config.js', cjs],
      ['pool.config.js', esm],
      ['pool.config.js', compiled],
      ['pool.config.mjs', esm],
    ],
  ],
  [
    '"type": "commonjs"',
    { type: 'commonjs' },
    [
      ['pool.config.ts', typed],
      ['pool.config.ts', cjs],
      ['pool.config.mts', typed],
      ['pool.config.js', cjs],
      ['pool.config.mjs', esm],
    ],
  ],
] as const) {
  for (const [file, source] of files) {
    test(`${file} (${source.name}) is found from a folder below, in a package with ${what}`, async (t) => {
      const project = makeProject(t, {
        'package.json': JSON.stringify({ name: 'test-project', ...manifest }),
        [file]: source(file),
        'tasks/from.mjs': esmFunction,
        'source/deep/below.txt': '',
        // Not the one beside the folder where the search begins.
        'source/deep/functions/wrong.mjs': esmFunction,
      });
      assert.deepEqual(await runProgram(project, program, { cwd: project.path('source/deep') }), {
        configPath: project.path(file),
        root: project.root,
        names: ['from'],
        from: file,
      });
    });
  }
}

test('the nearest configuration counts', async (t) => {
  const project = makeProject(t, {
    'pool.config.ts': typed('outer'),
    'tasks/from.mjs': esmFunction,
    'inner/pool.config.mjs': esm('inner'),
    'inner/tasks/from.mjs': esmFunction,
  });
  const inner = await openRuntime(t, { cwd: project.path('inner/tasks') });
  assert.equal(await inner.invoke('from'), 'inner');
  assert.equal(inner.root, project.path('inner'));
});

test('without a configuration the defaults hold for the folder itself', async (t) => {
  const project = makeProject(t, { 'functions/from.mjs': esmFunction });
  const runtime = await openRuntime(t, { cwd: project.root });
  assert.equal(runtime.configPath, undefined);
  assert.equal(runtime.root, project.root);
  assert.equal(runtime.dataDir, project.path('.pool'));
  assert.deepEqual(namesOf(runtime), ['from']);
  assert.equal(
    fs.existsSync(runtime.dataDir),
    false,
    'an embedded runtime writes nothing before it is started',
  );
});

test('a configuration that is named is used from wherever it is', async (t) => {
  const project = makeProject(t, {
    'pool.config.ts': typed('found'),
    'tasks/wrong.mjs': esmFunction,
    'settings/other.config.ts': typed('named'),
    'settings/tasks/from.mjs': esmFunction,
  });
  for (const config of ['settings/other.config.ts', project.path('settings/other.config.ts')]) {
    const runtime = await openRuntime(t, { cwd: project.root, config });
    assert.equal(runtime.configPath, project.path('settings/other.config.ts'));
    assert.equal(runtime.root, project.path('settings'));
    assert.equal(await runtime.invoke('from'), 'named');
  }
});

test('a configuration that is named and not there is an error that names it', async (t) => {
  const project = makeProject(t, { 'pool.config.ts': typed('found'), 'tasks/from.mjs': esmFunction });
  const error = await rejectionOf(
    createRuntime({ cwd: project.root, config: 'missing.config.ts' }),
    ConfigError,
  );
  assert.equal(error.code, 'CONFIG');
  assert(error.message.includes(project.path('missing.config.ts')), error.message);
  assert.match(error.message, /doesn't exist/);
});

test('a folder that is named as the configuration is an error that names it', async (t) => {
  const project = makeProject(t, { 'settings/pool.config.ts': typed('found') });
  const error = await rejectionOf(createRuntime({ cwd: project.root, config: 'settings' }), ConfigError);
  assert(error.message.includes(project.path('settings')), error.message);
});

test('a configuration may import what lies beside it', async (t) => {
  for (const manifest of [{ type: 'module' }, {}]) {
    const project = makeProject(t, {
      'package.json': JSON.stringify({ name: 'test-project', ...manifest }),
      'pool.config.ts': `
        import { defineConfig } from 'warm-pool';
        import { from } from './settings/from.ts';
        import sizes from './settings/sizes.json' with { type: 'json' };
        export default defineConfig({ functions: 'tasks', pool: { max: sizes.max, env: { FROM: from } } });`,
      'settings/from.ts': "export const from: string = 'beside';",
      'settings/sizes.json': '{ "max": 1 }',
      'tasks/from.mjs': esmFunction,
    });
    const { from } = (await runProgram(project, program)) as { from: string };
    assert.equal(from, 'beside');
  }
});

test('a configuration in a CommonJS project may be made of top-level code that takes time', async (t) => {
  const project = makeProject(t, {
    'package.json': '{ "name": "test-project" }',
    'pool.config.mts': `
      import { defineConfig } from 'warm-pool';
      const from: string = await Promise.resolve('later');
      export default defineConfig({ functions: 'tasks', pool: { max: 1, env: { FROM: from } } });`,
    'tasks/from.mjs': esmFunction,
  });
  const { from } = (await runProgram(project, program)) as { from: string };
  assert.equal(from, 'later');
});
