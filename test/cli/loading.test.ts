import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makePoolProject, runPool, startService } from '../support/cli.ts';
import { type Project, repository } from '../support/project.ts';

const recording = {
  'recording/register.mjs': `
    import { register } from 'node:module';
    register('./hooks.mjs', import.meta.url);`,
  'recording/hooks.mjs': `
    import { appendFileSync } from 'node:fs';
    export async function load(url, context, nextLoad) {
      appendFileSync(process.env.MODULES_LOADED, url + '\\n');
      return nextLoad(url, context);
    }`,
};

/** The modules that a command loads, in this package and in others: as `runtime/index.js` or `zod`. */
async function modulesOf(
  ...[test, project, args]: [Parameters<typeof runPool>[0], Project, string[]]
): Promise<string[]> {
  const list = project.path('modules.txt');
  fs.rmSync(list, { force: true });
  const env = {
    NODE_OPTIONS: `--import=${pathToFileURL(project.path('recording', 'register.mjs')).href}`,
    MODULES_LOADED: list,
  };
  const { code, stderr } = await runPool(test, project, args, { env });
  assert.equal(code, 0, stderr);
  const names = fs.readFileSync(list, 'utf8').split('\n').map(nameOf);
  return [...new Set(names.filter((name) => name !== undefined))];
}

const dist = `${pathToFileURL(path.join(repository, 'dist')).href}/`;

function nameOf(url: string): string | undefined {
  if (url.startsWith(dist)) return url.slice(dist.length);
  return /.*\/node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)\//.exec(url)?.groups?.name;
}

/** What it takes to run functions oneself: the server, the runtime and its rooms, the libraries of both. */
const heavy =
  /^(?:fastify|zod|valibot|tsx|chokidar|pino|ulid|picomatch|runtime\/(?:index|create|runtime|server\/(?:server|routes)|(?:pool|worker|triggers)\/.*)\.js)$/;

test('commands of a running runtime load nothing that running one takes', async (t) => {
  const project = makePoolProject(t, recording);
  await startService(t, project);
  const commands = ['invoke echo', 'list', 'describe echo', 'status', 'files', 'files retry --all', 'stop'];
  for (const args of commands.map((command) => command.split(' '))) {
    const modules = await modulesOf(t, project, args);
    assert(modules.includes('runtime/server/client.js'), modules.join(' '));
    const tooMuch = modules.filter((name) => heavy.test(name));
    assert.deepEqual(tooMuch, [], `pool ${args.join(' ')}`);
  }
});

test('without a running runtime a command loads one, but no server', async (t) => {
  const project = makePoolProject(t, recording);
  const modules = await modulesOf(t, project, ['invoke', 'echo']);
  for (const name of ['runtime/runtime.js', 'runtime/pool/pool.js', 'valibot', 'pino'])
    assert(modules.includes(name), name);
  for (const name of ['fastify', 'zod']) assert(!modules.includes(name), name);
});

test('the commands know three files of the runtime: what everybody imports, its client and its server', () => {
  const folder = path.join(repository, 'cli');
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'));
  const imported = files.flatMap((file) => {
    const source = fs.readFileSync(path.join(folder, file), 'utf8');
    return Array.from(source.matchAll(/'(?:\.\.\/)+(runtime\/[^']+\.ts)'/g), ([, name]) => name);
  });
  assert.deepEqual([...new Set(imported)].sort(), [
    'runtime/index.ts',
    'runtime/server/client.ts',
    'runtime/server/server.ts',
  ]);
});
