import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionError } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { written } from './support-written.ts';

const files = {
  'lib/name.mjs': "export default 'of the project';",
  'lib/name.cjs': "module.exports = 'required';",
  'lib/typed.ts': 'enum Size { Small = 3 }\nexport const size: number = Size.Small;',
  'lib/built.ts': "export const built: string = 'from its source';",
  'other/lib/name.mjs': "export default 'of another folder';",
  'other/lib/name.cjs': "module.exports = 'required there';",
  'node_modules/acme/package.json': '{ "name": "acme", "type": "module", "exports": "./main.js" }',
  'node_modules/acme/main.js': "export const acme = 'a package';",
};

type Fn = () => Promise<unknown>;

testEach('what a function imports and requires is found from the folder of the project', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const cases: readonly (readonly [source: string, value: unknown])[] = [
    ["async () => (await import('node:path')).basename('/a/b')", 'b'],
    ["async () => (await import('acme')).acme", 'a package'],
    ["async () => (await import('./lib/name.mjs')).default", 'of the project'],
    ["() => require('./lib/name.cjs')", 'required'],
    ["() => require('node:path').basename('/a/b')", 'b'],
    ["async () => (await import('./lib/typed.ts')).size", 3],
    ["() => require('./lib/typed.ts').size", 3],
    ["async () => (await import('./lib/built.js')).built", 'from its source'],
    ["async () => { const file = './lib/typed.ts'; return (await import(file)).size; }", 3],
    ["async () => (await import('./package.json', { with: { type: 'json' } })).default.name", 'test-project'],
    ["async () => eval(`import('./lib/name.mjs')`).then((lib) => lib.default)", 'of the project'],
  ];
  for (const [source, value] of cases)
    assert.deepEqual(await runtime.run(written<Fn>(source)), value, source);
});

testEach(
  'with `cwd` it is found from that folder, and the same source is one function for each',
  async (_t, open) => {
    const { runtime, project } = await open({ max: 1 }, files);
    const both = written<Fn>(
      "async () => [(await import('./lib/name.mjs')).default, require('./lib/name.cjs')]",
    );
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(await runtime.run(both), ['of the project', 'required']);
      const elsewhere = await runtime.runWith({ cwd: project.path('other') }, both);
      assert.deepEqual(elsewhere, ['of another folder', 'required there']);
    }
  },
);

test('what is not there rejects with the error of Node, which says from where it was meant', async (t) => {
  const { runtime, project } = await runProject(t, {
    'functions/echo.js': 'export default (value) => value;',
  });
  const missing = written<Fn>("async function load() { await import('./nowhere.mjs'); }");
  const { cause } = await rejectionOf(runtime.run(missing), FunctionError);
  assert(cause instanceof Error);
  assert.match(cause.message, /Cannot find module/);
  assert(cause.message.includes(project.path('nowhere.mjs')), cause.message);
  assert(cause.message.includes(project.path('run:load')), cause.message);
});

test('TypeScript can be imported by a program in Node alone, and nothing is printed for it', async (t) => {
  const project = makeProject(t, { ...files, 'functions/echo.js': 'export default (value) => value;' });
  const told = await runProgram(
    project,
    `import { createRuntime } from 'warm-pool';
    const lines = [];
    const note = (fields, line) => lines.push(line);
    const logger = { trace() {}, debug() {}, info: note, warn: note, error: note, fatal: note, child: () => logger };
    const runtime = await createRuntime({ logger, config: { pool: { max: 1 } } });
    const size = await runtime.run(async () => (await import('./lib/typed.ts')).size);
    const again = await runtime.run(async () => [(await import('./lib/typed.ts')).size]);
    await runtime.close();
    console.log(JSON.stringify({ size, again, lines }));`,
  );
  assert.deepEqual(told, { size: 3, again: [3], lines: [] });
});
