import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { FunctionLoadError, type Runtime } from 'warm-pool';
import { infoOf, openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until } from '../support/wait.ts';

/** Tells whether the worker has loaded tsx. */
const probe = `
  import { createRequire } from 'node:module';
  export default () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/tsx/'));`;

async function usesTsx(runtime: Runtime): Promise<boolean> {
  return runtime.invoke<boolean>('probe');
}

test('modules are evaluated in the order of their imports, packages among them, and once', async (t) => {
  const record = (name: string) => `(globalThis.order ??= []).push('${name}');`;
  const { runtime } = await runProject(t, {
    'functions/probe.mjs': probe,
    'node_modules/early/package.json': '{ "name": "early", "type": "module", "exports": "./index.js" }',
    'node_modules/early/index.js': `${record('package')} export const early = process.env.SET_FIRST;`,
    'functions/_set.ts': `${record('set')} process.env.SET_FIRST = 'set'; export {};`,
    'functions/_shared.js': `${record('javascript')} export const shared = { javascript: true };`,
    'functions/_later.ts': `${record('later')} export const later: string = 'later';`,
    'functions/a.ts': `
      import './_set.ts';
      import { early } from 'early';
      import { shared } from './_shared.js';
      import { b } from './b.ts';
      ${record('a')}
      export const a: object = shared;
      export default async () => [early, b() === shared, (await import('./_later.ts')).later, globalThis.order];`,
    'functions/b.ts': `
      import { a } from './a.ts';
      await null;
      ${record('b')}
      export const b = (): object => a;
      export default b;`,
    'functions/c.js': `
      import { shared } from './_shared.js';
      globalThis.ofJavaScript = shared;
      export default () => true;`,
    'functions/d.ts': `
      import { shared } from './_shared.js';
      export default (): boolean => globalThis.ofJavaScript === shared;`,
  });
  assert.deepEqual(await runtime.invoke('a'), [
    'set',
    true,
    'later',
    ['set', 'package', 'javascript', 'b', 'a', 'later'],
  ]);
  assert.equal(await runtime.invoke('d'), true);
  assert.equal(await usesTsx(runtime), false);
});

test('a compiled module believes to be where it was written', async (t) => {
  const { project, runtime } = await runProject(t, {
    'functions/probe.mjs': probe,
    'functions/_data.json': '{ "size": 32 }',
    'node_modules/cjs/index.js': "exports.kind = 'cjs';",
    'functions/where.ts': `
      import { createRequire } from 'node:module';
      import fs from 'node:fs';
      const require = createRequire(import.meta.url);
      export default (): unknown[] => [
        import.meta.url, import.meta.filename, import.meta.dirname,
        fs.existsSync(new URL('./_data.json', import.meta.url)),
        createRequire(import.meta.url)('./_data.json').size, require('cjs').kind,
      ];
      export function named(): void {}
      export const config = { description: named.name };`,
    'functions/anonymous.ts': 'export default function (): string { return new Error().stack ?? ""; }',
  });
  const file = project.path('functions/where.ts');
  const expected = [`file://${file}`, file, project.path('functions'), true, 32, 'cjs'];
  assert.deepEqual(await runtime.invoke('where'), expected);
  assert.equal(infoOf(runtime, 'where').config.pool, 'default');
  assert.match(await runtime.invoke('anonymous'), /functions\/anonymous\.ts:1:/);
  assert.equal(await usesTsx(runtime), false);
});

/** What is right under tsx and would be something else, or an error, when it is compiled beforehand. */
const forTsx: Record<string, { files: Record<string, string>; result: unknown }> = {
  'an import of a name that is made at run time': {
    files: {
      'functions/_other.ts': "export const other: string = 'other';",
      'functions/it.ts': `
        const name: string = ['./_other', 'ts'].join('.');
        export default async (): Promise<string> => (await import(name)).other;`,
    },
    result: 'other',
  },
  'a file that is required by its name': {
    files: {
      'functions/_other.ts': "export const other: string = 'other';",
      'functions/it.ts': `
        import { createRequire } from 'node:module';
        export default (): string => createRequire(import.meta.url)('./_other.ts').other;`,
    },
    result: 'other',
  },
  'a file that is required without its extension': {
    files: {
      'functions/_other.ts': "export const other: string = 'other';",
      'functions/it.ts': `
        import { createRequire } from 'node:module';
        const require = createRequire(import.meta.url);
        export default (): string => require('./_other').other;`,
    },
    result: 'other',
  },
  'JSON without an attribute': {
    files: {
      'functions/_data.json': '{ "size": 32 }',
      'functions/it.ts': "import data from './_data.json'; export default (): number => data.size;",
    },
    result: 32,
  },
  'TypeScript that JavaScript imports': {
    files: {
      'functions/_types.ts': "export const typed: string = 'typed';",
      'functions/_plain.js': "export { typed } from './_types.ts';",
      'functions/it.ts': "import { typed } from './_plain.js'; export default (): string => typed;",
    },
    result: 'typed',
  },
};

for (const [what, { files, result }] of Object.entries(forTsx)) {
  test(`goes through tsx: ${what}`, async (t) => {
    const { runtime } = await runProject(t, { 'functions/probe.mjs': probe, ...files });
    assert.equal(infoOf(runtime, 'it').state, 'ready', infoOf(runtime, 'it').error?.message);
    assert.deepEqual(await runtime.invoke('it'), result);
    assert.equal(await usesTsx(runtime), true);
  });
}

/** What is wrong with a function, and what its error has to name. */
const mistakes: Record<string, { source: string; says: RegExp }> = {
  'a mistake of syntax': { source: 'export default (): void => {\n  const a: = 1;\n};', says: /it\.ts:2:/ },
  'a file that is missing': {
    source: "import { a } from './_gone.ts'; export default () => a;",
    says: /_gone\.ts.*imported from .*functions\/it\.ts/,
  },
  'a package that is missing': {
    source: "import { a } from 'not-installed'; export default () => a;",
    says: /'not-installed' imported from .*functions\/it\.ts/,
  },
  'an export that is missing': {
    source: "import { a } from './_there.ts'; export default () => a;",
    says: /'\.\/_there\.ts' does not provide an export named 'a'/,
  },
};

for (const [what, { source, says }] of Object.entries(mistakes)) {
  test(`an error names the source: ${what}`, async (t) => {
    const { runtime } = await runProject(t, {
      'functions/_there.ts': 'export const there: number = 1;',
      'functions/good.ts': 'export default (): number => 1;',
      'functions/it.ts': source,
    });
    assert.match((await rejectionOf(runtime.invoke('it'), FunctionLoadError)).message, says);
    assert.equal(await runtime.invoke('good'), 1);
  });
}

test('what a module throws while it is evaluated is thrown once, with its line', async (t) => {
  const { project, runtime } = await runProject(t, {
    'functions/it.ts': `
      import fs from 'node:fs';
      fs.appendFileSync(new URL('../times', import.meta.url), 'x');
      interface Unused { a: number }
      throw new RangeError('not today');`,
  });
  const { cause } = await rejectionOf(runtime.invoke('it'), FunctionLoadError);
  assert(cause instanceof Error);
  assert.match(cause.stack ?? '', /functions\/it\.ts:5:/);
  assert.equal(fs.readFileSync(project.path('times'), 'utf8'), 'x');
});

test('a worker that finds nothing compiled any more loads the source', async (t) => {
  const { project, runtime } = await runProject(t, {
    'functions/it.ts': 'export default (): number => process.pid;',
  });
  const first = await runtime.invoke<number>('it');
  project.remove('.pool/compiled');
  process.kill(first, 'SIGKILL');
  const second = await until('another worker', () =>
    runtime.invoke<number>('it', undefined, { retry: { attempts: 3 } }),
  );
  assert.notEqual(second, first);
});

test('a folder that is a link has its modules where the link leads', async (t) => {
  const project = makeProject(t, {
    'functions/probe.mjs': probe,
    'elsewhere/lib.ts': "export const lib: string = 'lib';",
    'elsewhere/tasks/it.ts': `
      import { lib } from '../lib.ts';
      export default (): string[] => [lib, import.meta.filename];`,
  });
  fs.symlinkSync(project.path('elsewhere/tasks'), project.path('functions/linked'), 'dir');
  const runtime = await openRuntime(t, { cwd: project.root });
  assert.deepEqual(await runtime.invoke('linked/it'), ['lib', project.path('elsewhere/tasks/it.ts')]);
  assert.equal(await usesTsx(runtime), false);
});

test('options of Node that change how modules are loaded hold for functions', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'node_modules/two-faced/package.json': JSON.stringify({
        name: 'two-faced',
        exports: { special: './special.mjs', default: './usual.mjs' },
      }),
      'node_modules/two-faced/special.mjs': "export const face = 'special';",
      'node_modules/two-faced/usual.mjs': "export const face = 'usual';",
      'functions/it.ts': "import { face } from 'two-faced'; export default (): string => face;",
    },
    { config: { pool: { execArgv: ['--conditions=special'] } } },
  );
  assert.equal(await runtime.invoke('it'), 'special');
});

test('where nothing can be written functions are served all the same', async (t) => {
  const { runtime } = await runProject(t, {
    '.pool': 'a file in the place of the folder',
    'functions/it.ts': 'export default (): number => 1;',
  });
  assert.equal(await runtime.invoke('it'), 1);
});

test('runtimes that start at the same time compile into the same folder', async (t) => {
  const project = makeProject(t, { 'functions/it.ts': 'export default (): number => 1;' });
  const runtimes = await Promise.all(Array.from({ length: 4 }, () => openRuntime(t, { cwd: project.root })));
  assert.deepEqual(await Promise.all(runtimes.map((runtime) => runtime.invoke('it'))), [1, 1, 1, 1]);
  const kept = fs.readdirSync(project.path('.pool/compiled'));
  assert.deepEqual(
    kept.filter((name) => !/^[0-9a-f]{16}$/.test(name)),
    ['.gitignore'],
  );
  assert.equal(kept.length, 2);
});

test('esbuild of the program around goes on working, and none of ours is left', async (t) => {
  const children = () =>
    execFileSync('ps', ['-o', 'args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  const compiling = () =>
    children()
      .split('\n')
      .filter((args) => args.includes('esbuild'));
  await transform('', { loader: 'ts' });
  const before = compiling();
  const transforming = transform('const a: number = 1;', { loader: 'ts' });
  await runProject(t, { 'functions/it.ts': 'export default (): number => 1;' });
  assert.match((await transforming).code, /const a = 1/);
  assert.match((await transform('const b: number = 2;', { loader: 'ts' })).code, /const b = 2/);
  await until('the end of the one that compiled the functions', () => compiling().length === before.length);
});

test('a change of what a compiled function imports is followed', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      'functions/_value.ts': 'export const value: number = 1;',
      'functions/it.ts': "import { value } from './_value.ts'; export default (): number => value;",
    },
    { hotReload: true },
  );
  assert.equal(await runtime.invoke('it'), 1);
  project.write('functions/_value.ts', 'export const value: number = 2;');
  await until('the new value', async () => (await runtime.invoke('it')) === 2);
});
