import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { createRuntime, type Runtime } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { makeProject, type Project, repository } from '../support/project.ts';
import { until, within } from '../support/wait.ts';

/** The files that docs/triggers.md shows below "An example". */
function filesOfDocument(): Record<string, string> {
  const text = fs.readFileSync(path.join(repository, 'docs', 'triggers.md'), 'utf8');
  const [, example = ''] = text.split('### An example');
  const blocks = example.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms);
  return Object.fromEntries(Array.from(blocks, ([, file = '', code = '']) => [file, code]));
}

const greet = `
  import fs from 'node:fs';
  export default async ({ name }, ctx) => {
    fs.appendFileSync(ctx.cwd + '/greeted', name + ';');
    while (fs.existsSync(ctx.cwd + '/hold')) await new Promise((resolve) => setTimeout(resolve, 20));
    if (name === 'nobody') throw new Error('there is nobody');
  };`;

/** A project with the example of the document, on a port that is free. */
async function makeExample(t: TestContext): Promise<{ project: Project; port: number }> {
  const port = await freePort();
  const { 'pool.config.ts': config = '', ...files } = filesOfDocument();
  assert.match(config, /port: 8080, invoke: 'greet'/);
  const project = makeProject(t, {
    ...files,
    'pool.config.ts': config.replace('8080', String(port)),
    'functions/greet.js': greet,
  });
  return { project, port };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startExample(t: TestContext, { root }: Project, log = new LogLines()): Promise<Runtime> {
  const runtime = await within(
    'the runtime',
    createRuntime({ cwd: root, hotReload: false, logger: log.logger }),
  );
  t.after(() => runtime.close({ timeout: 0 }));
  await within('the start', runtime.start());
  return runtime;
}

async function post(port: number, body: string): Promise<number> {
  const { status } = await fetch(`http://127.0.0.1:${port}`, {
    ...{ method: 'POST', body },
    headers: { connection: 'close' },
  });
  return status;
}

function greetedIn(project: Project): string {
  return project.has('greeted') ? fs.readFileSync(project.path('greeted'), 'utf8') : '';
}

test("a user's own trigger, as documented, runs a function for what it is told", async (t) => {
  const { project, port } = await makeExample(t);
  const log = new LogLines();
  const runtime = await startExample(t, project, log);
  await log.line(/^info takes jobs for greet on port/);
  assert.equal(await post(port, '{"name":"Ada"}'), 202);
  await until('it runs', () => greetedIn(project) === 'Ada;');
  assert.equal(await post(port, 'no json'), 400);
  assert.equal(await post(port, '{"name":"nobody"}'), 202);
  assert.equal(await post(port, '{"name":"Eve"}'), 202);
  await until('the others run', () => greetedIn(project) === 'Ada;nobody;Eve;');
  await log.line(/^error greet failed$/);
  await until('what is done is forgotten', () => runtime.triggers()[0]?.counts.queued === undefined);
  assert.deepEqual(runtime.triggers(), [
    {
      kind: 'webhook',
      id: `webhook:${port}`,
      functions: ['greet'],
      hasFiles: false,
      counts: { failed: 1 },
      nextAt: undefined,
    },
  ]);
  await within('the close', runtime.close());
  await assert.rejects(post(port, '{"name":"Bob"}'), 'nobody listens any more');
});

test('what the documented trigger has taken outlives its runtime', async (t) => {
  const { project, port } = await makeExample(t);
  project.write('hold', '');
  const first = await startExample(t, project);
  assert.equal(await post(port, '{"name":"Ada"}'), 202);
  assert.equal(await post(port, '{"name":"Eve"}'), 202);
  await until('the first one runs', () => greetedIn(project) === 'Ada;');
  await within('the kill', first.close({ timeout: 0 }));
  project.remove('hold');

  const second = await startExample(t, project);
  await until('both run', () => greetedIn(project) === 'Ada;Ada;Eve;');
  await until('nothing is left', () => Object.keys(second.triggers()[0]?.counts ?? {}).length === 0);
});

test('the documented trigger finishes what runs when it stops, and fails to start where the port is taken', async (t) => {
  const { project, port } = await makeExample(t);
  project.write('hold', '');
  const runtime = await startExample(t, project);
  assert.equal(await post(port, '{"name":"Ada"}'), 202);
  assert.equal(await post(port, '{"name":"Eve"}'), 202);
  await until('the first one runs', () => greetedIn(project) === 'Ada;');
  const closed = runtime.close();
  project.remove('hold');
  await within('the close', closed);
  assert.equal(greetedIn(project), 'Ada;');

  const server = createServer();
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await assert.rejects(startExample(t, project), { code: 'EADDRINUSE' });
});

test('the documented trigger has no mistakes of types', async (t) => {
  const { project } = await makeExample(t);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, module: 'nodenext', target: 'es2022' },
    ...{ noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
    ...{ types: ['node'], typeRoots: [path.join(repository, 'node_modules', '@types')] },
  };
  project.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['**/*.ts'] }));
  const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', project.root]);
});
