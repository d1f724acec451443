import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProject } from '../support/open-runtime.ts';

/** Tells what a loader of TypeScript leaves behind in the worker that has it. */
const probe = `
  import { createRequire } from 'node:module';
  export default async () => ({
    loaded: Object.keys(createRequire(import.meta.url).cache).filter((file) => /[\\\\/](tsx|esbuild)[\\\\/]/.test(file)),
    sourceMaps: process.sourceMapsEnabled ?? false,
    arguments: process.execArgv,
  });`;

const nothing = { loaded: [], sourceMaps: false, arguments: [] };

interface Seen {
  readonly loaded: string[];
  readonly sourceMaps: boolean;
  readonly arguments: string[];
}

test('a folder of plain JavaScript loads nothing of tsx in its workers', async (t) => {
  const { runtime } = await runProject(t, {
    'functions/probe.mjs': probe,
    'functions/plain.js':
      "import { defineFunction } from 'warm-pool'; export default defineFunction({ handler() {} });",
    'functions/lambda.cjs': 'exports.handler = async () => {};',
    'functions/types.d.ts': 'export interface Photo { src: string }',
    'functions/resize.test.ts': 'throw new Error("a test was loaded");',
    // Which module system a folder's configuration has, and in which language, is no matter of its workers.
    'pool.config.ts': "import { defineConfig } from 'warm-pool'; export default defineConfig({});",
  });
  assert.deepEqual(await runtime.invoke<Seen>('probe'), nothing);
});

test('TypeScript that was compiled beforehand loads nothing of tsx in its workers either', async (t) => {
  const { runtime } = await runProject(t, {
    'functions/probe.mjs': probe,
    'functions/typed.ts': 'export default (): void => {};',
  });
  assert.deepEqual(await runtime.invoke<Seen>('probe'), { ...nothing, sourceMaps: true });
});

test('TypeScript that can be loaded through tsx alone loads it', async (t) => {
  const { runtime } = await runProject(t, {
    'functions/probe.mjs': probe,
    'functions/typed.ts': "export default (name: string): Promise<unknown> => import('./' + name);",
  });
  const seen = await runtime.invoke<Seen>('probe');
  assert(seen.loaded.length > 0);
  assert.equal(seen.sourceMaps, true);
});
