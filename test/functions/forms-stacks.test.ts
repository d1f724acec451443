import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionError } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';

/** TypeScript of which nothing but the last lines is left when it runs: a stack without source maps would be off. */
const typedLines = [
  'interface Photo {',
  '  src: string;',
  '  width: number;',
  '}',
  'type Sizes = readonly number[];',
  'enum Kind { Small, Large }',
  'export default async function resize(photo: Photo): Promise<Sizes> {',
  '  const kind: Kind = Kind.Large;',
  '  const sizes: Sizes = await widths(photo);',
  '  return sizes.map((size) => size * kind);',
  '}',
  'async function widths<Input extends Photo>(photo: Input): Promise<Sizes> {',
  '  await null;',
  "  throw new RangeError('no such photo: ' + photo.src);",
  '}',
];
const typed = { source: typedLines.join('\n'), thrownAt: 14, calledAt: 9 };

const plainLines = [
  'const widths = async (photo) => {',
  '  await null;',
  "  throw new RangeError('no such photo: ' + photo.src);",
  '};',
  'const resize = async (photo) => {',
  '  return (await widths(photo)).map((size) => size * 2);',
  '};',
];
const plain = {
  source: [...plainLines, 'export default resize;'].join('\n'),
  thrownAt: 3,
  calledAt: 6,
};
const common = { ...plain, source: [...plainLines, 'module.exports = resize;'].join('\n') };

for (const [what, manifest] of [
  ['"type": "module"', { type: 'module' }],
  ['no "type"', {}],
] as const) {
  test(`a stack names the file and the line as they were written, in a package with ${what}`, async (t) => {
    const sources = { 'a.ts': typed, 'b.mts': typed, 'c.js': plain, 'd.mjs': plain, 'e.cjs': common };
    const { project, runtime } = await runProject(t, {
      'package.json': JSON.stringify({ name: 'test-project', ...manifest }),
      ...Object.fromEntries(
        Object.entries(sources).map(([file, { source }]) => [`functions/${file}`, source]),
      ),
    });
    for (const [file, { thrownAt, calledAt }] of Object.entries(sources)) {
      const name = file.replace(/\.\w+$/, '');
      const { cause } = await rejectionOf(runtime.invoke(name, { src: 'a.jpg' }), FunctionError);
      assert(cause instanceof Error);
      assert.equal(`${cause.name}: ${cause.message}`, 'RangeError: no such photo: a.jpg');
      for (const line of [thrownAt, calledAt]) {
        const place = `${project.path('functions', file)}:${line}:`;
        assert(cause.stack?.includes(place), `${cause.stack} doesn't name ${place}`);
      }
    }
  });
}

test('a stack names the shared file that threw', async (t) => {
  const { project, runtime } = await runProject(t, {
    'functions/_lib/read.ts': [
      'export interface Source {',
      '  src: string;',
      '}',
      'export function read(source: Source): never {',
      "  throw new Error('unreadable: ' + source.src, { cause: new TypeError('no such disk') });",
      '}',
    ].join('\n'),
    'functions/resize.ts': [
      "import { read, type Source } from './_lib/read.ts';",
      'export default (source: Source): unknown =>',
      '  read(source);',
    ].join('\n'),
  });
  const { cause } = await rejectionOf(runtime.invoke('resize', { src: 'a.jpg' }), FunctionError);
  assert(cause instanceof Error && cause.cause instanceof TypeError);
  assert(cause.stack?.includes(`${project.path('functions/_lib/read.ts')}:5:`), cause.stack);
  assert(cause.stack?.includes(`${project.path('functions/resize.ts')}:3:`), cause.stack);
  assert(cause.cause.stack?.includes(`${project.path('functions/_lib/read.ts')}:5:`), cause.cause.stack);
});
