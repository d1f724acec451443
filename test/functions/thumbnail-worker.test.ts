import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { runPool } from '../support/cli.ts';
import { runProject } from '../support/open-runtime.ts';
import * as photos from '../support/photos.ts';
import { makeProject, type Project } from '../support/project.ts';

const sharpOfPackage = `
  import { createRequire } from 'node:module';
  const sharp = createRequire(import.meta.resolve('warm-pool'))('sharp');`;

test('the worker that makes thumbnails has one thread for a picture, and keeps none of it', async (t) => {
  // Whatever sharp would have by itself: that depends on the platform and the environment.
  const preloaded = `${sharpOfPackage}
    sharp.concurrency(4);
    sharp.cache({ memory: 50, files: 20, items: 100 });`;
  const project = makeProject(t, { 'preloaded.mjs': preloaded });
  const { runtime } = await runProject(
    t,
    {
      'functions/settings.js': `${sharpOfPackage}
        export default () => {
          const { memory, files, items } = sharp.cache();
          const kept = [memory.max, files.max, items.max, memory.current, files.current, items.current];
          return { threads: sharp.concurrency(), kept, pid: process.pid };
        };`,
    },
    {
      config: {
        functions: ['functions', 'warm-pool/functions'],
        pool: { max: 1, execArgv: ['--import', project.path('preloaded.mjs')] },
      },
    },
  );
  const settings = () => runtime.invoke<{ pid: number }>('settings');
  const { pid } = await settings();
  const src = photos.put(photos.photoFolder(t), 'a.jpg', await photos.rgbPhoto());
  await runtime.invoke('thumbnail', { src });
  assert.deepEqual(await settings(), { threads: 1, kept: [0, 0, 0, 0, 0, 0], pid });
});

const names = ['UV_THREADPOOL_SIZE', 'MALLOC_ARENA_MAX'];

/** What a worker has begun with, what its functions see, and what a program has that they start. */
interface Environments {
  readonly begun: Record<string, string>;
  readonly seen: Record<string, string>;
  readonly inherited: Record<string, string>;
}

const environments = `
  import { execFileSync } from 'node:child_process';
  import fs from 'node:fs';
  const names = ${JSON.stringify(names)};
  const among = (env) => Object.fromEntries(names.flatMap((name) => name in env ? [[name, env[name]]] : []));
  const parse = (text) => Object.fromEntries(text.split('\\0').map((each) => each.split(/=(.*)/s)));
  export default () => ({
    begun: among(parse(fs.readFileSync('/proc/self/environ', 'utf8'))),
    seen: among(process.env),
    inherited: among(JSON.parse(execFileSync(process.execPath, ['-p', 'JSON.stringify(process.env)'], { encoding: 'utf8' }))),
  });`;

/** In an environment that has these alone of the names. */
async function environmentsIn(
  t: TestContext,
  project: Project,
  env: Record<string, string>,
): Promise<Environments> {
  const unset = Object.fromEntries(names.map((name) => [name, undefined]));
  const { stdout, stderr, code } = await runPool(t, project, ['invoke', 'environments'], {
    env: { ...unset, ...env },
  });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Environments;
}

test('a worker begins with few threads and arenas, of which functions see nothing, unless its environment has others', {
  skip: !fs.existsSync('/proc/self/environ') && 'what a process began with is not known here',
}, async (t) => {
  const project = makeProject(t, { 'functions/environments.js': environments });
  const asAdded = { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };
  assert.deepEqual(await environmentsIn(t, project, {}), { begun: asAdded, seen: {}, inherited: {} });

  const ofUser = { UV_THREADPOOL_SIZE: '7' };
  assert.deepEqual(await environmentsIn(t, project, ofUser), {
    begun: { ...asAdded, ...ofUser },
    seen: ofUser,
    inherited: ofUser,
  });

  project.write('pool.config.mjs', "export default { pool: { env: { MALLOC_ARENA_MAX: '5' } } };");
  const both = { ...ofUser, MALLOC_ARENA_MAX: '5' };
  assert.deepEqual(await environmentsIn(t, project, { ...ofUser, MALLOC_ARENA_MAX: '3' }), {
    ...{ begun: both, seen: both, inherited: both },
  });
});
