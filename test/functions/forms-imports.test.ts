import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Runtime } from 'warm-pool';
import { infoOf, runProject } from '../support/open-runtime.ts';

/** Packages of the three kinds that npm has, each with one export that says which file was loaded. */
const packages = {
  'node_modules/esm-only/package.json': '{ "name": "esm-only", "type": "module", "exports": "./index.js" }',
  'node_modules/esm-only/index.js': "export const kind = 'esm-only';",
  'node_modules/cjs-only/package.json': '{ "name": "cjs-only", "main": "./main.js" }',
  'node_modules/cjs-only/main.js': "exports.kind = 'cjs-only'; exports.folder = __dirname;",
  'node_modules/dual/package.json': JSON.stringify({
    name: 'dual',
    exports: { '.': { import: './index.mjs', require: './index.cjs' }, './inner/*': './inner/*.cjs' },
  }),
  'node_modules/dual/index.mjs': "export const kind = 'dual';",
  'node_modules/dual/index.cjs': "exports.kind = 'dual';",
  'node_modules/dual/inner/deep.cjs': "exports.kind = 'dual, deep inside';",
};

async function resultOf(runtime: Runtime, name: string): Promise<unknown> {
  assert.equal(infoOf(runtime, name).state, 'ready', infoOf(runtime, name).error?.message);
  return runtime.invoke(name, { name: 'Ada' });
}

for (const [what, manifest] of [
  ['"type": "module"', { type: 'module' }],
  ['no "type"', {}],
] as const) {
  const files = { 'package.json': JSON.stringify({ name: 'test-project', ...manifest }), ...packages };

  test(`TypeScript functions import what any program imports, in a package with ${what}`, async (t) => {
    const { runtime } = await runProject(t, {
      ...files,
      'functions/_lib/greeting.ts': `
        import { excited } from './punctuation.js'; // as TypeScript has it: the name of what it is compiled to
        export interface Named { name: string }
        export const greeting = ({ name }: Named): string => 'Hello, ' + name + excited;`,
      'functions/_lib/punctuation.ts': "export const excited: string = '!';",
      'functions/_sizes.json': '{ "small": 32 }',
      'functions/greet.ts': `
        import { greeting, type Named } from './_lib/greeting.ts';
        export default (args: Named): string => greeting(args);`,
      'functions/greet-bare.ts': `
        import { greeting } from './_lib/greeting';
        export default greeting;`,
      'functions/nested/twice.ts': `
        import greet from '../greet.ts';
        export default (args: { name: string }): string[] => [greet(args), greet(args)];`,
      'functions/sizes.ts': `
        import sizes from './_sizes.json' with { type: 'json' };
        export default (): number => sizes.small;`,
      'functions/packages.ts': `
        import { kind as first } from 'esm-only';
        import { kind as second } from 'cjs-only';
        import { kind as third } from 'dual';
        import { kind as fourth } from 'dual/inner/deep';
        export default (): string[] => [first, second, third, fourth];`,
      'functions/later.ts': `
        export default async (): Promise<string> => (await import('./_lib/punctuation.ts')).excited;`,
      'functions/node.mts': `
        import { basename } from 'node:path';
        const { excited } = await import('./_lib/punctuation.ts');
        export default (): string => basename(import.meta.url) + excited;`,
    });
    assert.equal(await resultOf(runtime, 'greet'), 'Hello, Ada!');
    assert.equal(await resultOf(runtime, 'greet-bare'), 'Hello, Ada!');
    assert.deepEqual(await resultOf(runtime, 'nested/twice'), ['Hello, Ada!', 'Hello, Ada!']);
    assert.equal(await resultOf(runtime, 'sizes'), 32);
    assert.deepEqual(await resultOf(runtime, 'packages'), [
      'esm-only',
      'cjs-only',
      'dual',
      'dual, deep inside',
    ]);
    assert.equal(await resultOf(runtime, 'later'), '!');
    assert.equal(await resultOf(runtime, 'node'), 'node.mts!');
  });

  test(`JavaScript functions import what any program imports, in a package with ${what}`, async (t) => {
    const { runtime } = await runProject(t, {
      ...files,
      'functions/_lib.cjs': "exports.greeting = ({ name }) => 'Hello, ' + name;",
      'functions/_data.json': '{ "small": 32 }',
      'functions/esm.mjs': `
        import lib from './_lib.cjs';
        import data from './_data.json' with { type: 'json' };
        import { kind } from 'esm-only';
        import { kind as other } from 'dual';
        import { basename } from 'node:path';
        await null;
        export default (args) => [lib.greeting(args), data.small, kind, other, basename(import.meta.url)];`,
      'functions/cjs.cjs': `
        const { greeting } = require('./_lib.cjs');
        const { kind, folder } = require('cjs-only');
        const path = require('node:path');
        module.exports = (args) => [
          greeting(args), require('./_data.json').small, kind, path.basename(folder),
          require('dual').kind, path.basename(__filename),
        ];`,
    });
    assert.deepEqual(await resultOf(runtime, 'esm'), ['Hello, Ada', 32, 'esm-only', 'dual', 'esm.mjs']);
    const expected = ['Hello, Ada', 32, 'cjs-only', 'cjs-only', 'dual', 'cjs.cjs'];
    assert.deepEqual(await resultOf(runtime, 'cjs'), expected);
  });

  test(`functions that import warm-pool share its classes, in a package with ${what}`, async (t) => {
    const source = (cast: string) => `
      import { defineFunction, FunctionError, PoolError, TimeoutError } from 'warm-pool';
      import { error } from './_error.${cast === '' ? 'cjs' : 'ts'}';
      export default defineFunction({
        handler: () => [
          error instanceof FunctionError, error instanceof PoolError, error instanceof Error,
          error instanceof TimeoutError, (error${cast}).code,
        ],
      });`;
    const { runtime } = await runProject(t, {
      ...files,
      'functions/_error.cjs': "exports.error = new (require('warm-pool').FunctionError)('made elsewhere');",
      'functions/_error.ts':
        "import { FunctionError } from 'warm-pool'; export const error: Error = new FunctionError('made here');",
      'functions/plain.mjs': source(''),
      'functions/typed.ts': source(' as FunctionError'),
    });
    for (const name of ['plain', 'typed']) {
      assert.deepEqual(await resultOf(runtime, name), [true, true, true, false, 'FUNCTION_FAILED'], name);
    }
  });

  test(`what TypeScript has beyond types works, in a package with ${what}`, async (t) => {
    const { runtime } = await runProject(t, {
      ...files,
      'functions/syntax.ts': `
        enum Size { Small = 32, Large = 1024 }
        const enum Colour { Grey = 'grey' }
        namespace Photo { export const extension = '.jpg'; }
        class Box {
          static made: number;
          static { Box.made = 0; }
          declare depth: number;
          readonly #label = 'box';
          constructor(readonly width: number, private readonly height = width) { Box.made++; }
          get area(): number { return this.width * this.height; }
          get label(): string { return this.#label; }
        }
        abstract class Shape<Sides extends number> { abstract sides: Sides; }
        class Square extends Shape<4> { override sides = 4 as const; }
        const box = new Box(3) satisfies { area: number };
        export default async (_args: unknown): Promise<unknown[]> => [
          Size.Small, Size[1024], Colour.Grey, Photo.extension, box.area, box!.label, Box.made, 'depth' in box,
          new Square().sides, (<T,>(value: T): T => value)('generic'),
        ];`,
    });
    const expected = [32, 'Large', 'grey', '.jpg', 9, 'box', 1, false, 4, 'generic'];
    assert.deepEqual(await resultOf(runtime, 'syntax'), expected);
  });

  test(`the tsconfig.json of the project holds, in a package with ${what}`, async (t) => {
    const { runtime } = await runProject(t, {
      ...files,
      'tsconfig.json': `{
        // comments are allowed here
        "compilerOptions": {
          "paths": { "@lib/*": ["./library/*"], "#settings": ["./library/settings.ts"] },
          "experimentalDecorators": true,
        },
      }`,
      'library/greeting.ts': "export const greeting: string = 'Hello';",
      'library/settings.ts': 'export const settings = { loud: true } as const;',
      'functions/paths.ts': `
        import { greeting } from '@lib/greeting';
        import { settings } from '#settings';
        export default (args: { name: string }): unknown[] => [greeting, args.name, settings.loud];`,
      'functions/decorated.ts': `
        const marked: string[] = [];
        function mark(target: object, key: string): void { marked.push(target.constructor.name + '.' + key); }
        class Photo { @mark rotate(): void {} }
        export default (): string[] => [...marked, typeof new Photo().rotate];`,
    });
    assert.deepEqual(await resultOf(runtime, 'paths'), ['Hello', 'Ada', true]);
    assert.deepEqual(await resultOf(runtime, 'decorated'), ['Photo.rotate', 'function']);
  });
}
