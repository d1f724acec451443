import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { run } from '../support/installed-package.ts';
import { repository } from '../support/project.ts';
import { describeInstalled, manifest, tsc, tsconfig } from './support-installed.ts';
// With this file, so that the package is installed once: that takes longer than most of what is seen with it.
import './configurations.ts';
import './documents.ts';

/** The program that every kind of project embeds: an answer, its progress, an error and how it is told apart. */
const embedding = `
  const runtime = await createRuntime({ cwd, config: { functions: ['functions', 'warm-pool/functions'], pool: { max: 2 } } });
  try {
    const invocation = runtime.invoke('double', { value: 21 });
    const progress = [];
    for await (const value of invocation.progress) progress.push(value);
    const error = await runtime.invoke('fail').catch((reason) => reason);
    const names = runtime.functions().filter(({ state }) => state === 'ready').map(({ name }) => name);
    console.log(JSON.stringify({
      answer: await invocation, progress, names, status: invocation.status,
      isFunctionError: error instanceof FunctionError, cause: error.cause.name,
    }));
  } finally {
    await runtime.close();
  }`;

const printed = {
  answer: { doubled: 42 },
  progress: ['half'],
  names: ['checksum', 'countdown', 'double', 'fail', 'thumbnail'],
  status: 'succeeded',
  isFunctionError: true,
  cause: 'RangeError',
};

const esmFunctions = {
  'functions/double.js': `
    import { defineFunction } from 'warm-pool';
    export default defineFunction({
      handler: ({ value }, ctx) => { ctx.progress('half'); return { doubled: value * 2 }; },
    });`,
  'functions/fail.js': "export default () => { throw new RangeError('too far'); };",
};

const cjsFunctions = {
  'functions/double.js': `
    const { defineFunction } = require('warm-pool');
    module.exports = defineFunction({
      handler: ({ value }, ctx) => { ctx.progress('half'); return { doubled: value * 2 }; },
    });`,
  'functions/fail.js': "module.exports = () => { throw new RangeError('too far'); };",
};

const typedFunctions = {
  'functions/double.ts': `
    import { defineFunction } from 'warm-pool';
    interface Doubled { doubled: number }
    export default defineFunction({
      timeout: '5s',
      handler: ({ value }: { value: number }, ctx): Doubled => {
        ctx.progress('half');
        return { doubled: value * 2 };
      },
    });`,
  'functions/fail.ts': "export default (): never => { throw new RangeError('too far'); };",
};

const typedMain = `
  import { createRuntime, FunctionError, type Invocation, type Runtime } from 'warm-pool';
  async function main(cwd: string): Promise<void> {
    const config = { functions: ['functions', 'warm-pool/functions'], pool: { max: 2 } };
    const runtime: Runtime = await createRuntime({ cwd, config });
    try {
      const invocation: Invocation<{ doubled: number }> = runtime.invoke<{ doubled: number }>('double', { value: 21 });
      const progress: unknown[] = [];
      for await (const value of invocation.progress) progress.push(value);
      const error: unknown = await runtime.invoke('fail').catch((reason: unknown) => reason);
      const isFunctionError = error instanceof FunctionError;
      const cause = isFunctionError && error.cause instanceof Error ? error.cause.name : undefined;
      const { doubled } = await invocation;
      const names: string[] = runtime.functions().filter(({ state }) => state === 'ready').map(({ name }) => name);
      const { status } = invocation;
      console.log(JSON.stringify({ answer: { doubled }, progress, names, status, isFunctionError, cause }));
    } finally {
      await runtime.close();
    }
  }
  main('.').catch((error: unknown) => { console.log(error); });`;

/** What is in the package beside what runs. */
const aboutIt =
  /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE|docs\/[a-z-]+\.md|examples\/(?:README\.md|[\w/-]+\.ts))$/;

describeInstalled('the package, installed into an empty project', (testInstalled) => {
  testInstalled('holds what is used, and nothing else', async ({ files }) => {
    for (const file of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'])
      assert(files.includes(file), file);
    const others = files.filter((file) => !aboutIt.test(file));
    const strangers = others.filter(
      (file) => !/^dist\/(?:runtime|cli|functions)\/.+(?:\.js|\.d\.ts)$/.test(file),
    );
    assert.deepEqual(strangers, []);
    assert.deepEqual(
      files.filter((file) => /\.(?:test|spec)\.|\.map$|tsbuildinfo/.test(file)),
      [],
    );
    const hasSource = (file: string) => {
      const source = path.join(repository, file.replace(/^dist\//, '').replace(/(?:\.d\.ts|\.js)$/, ''));
      return fs.existsSync(`${source}.ts`) || fs.existsSync(`${source}.js`);
    };
    assert.deepEqual(
      others.filter((file) => !hasSource(file)),
      [],
      'left over from an earlier build',
    );
  });

  testInstalled('says nothing of the machine that it was made on', async ({ root, files }) => {
    const { stdout } = await run('npm', ['config', 'get', 'registry'], root);
    const traces = [repository.replace(/[\\/]$/, ''), path.dirname(root), `${os.homedir()}${path.sep}`];
    const { host } = new URL(stdout.trim());
    for (const file of files) {
      const text = fs.readFileSync(path.join(root, 'node_modules', 'warm-pool', file), 'utf8');
      for (const trace of [...traces, host]) assert(!text.includes(trace), `${file} has ${trace}`);
    }
  });

  for (const [type, main, functions] of [
    [
      'module',
      `import { createRuntime, FunctionError } from 'warm-pool'; const cwd = '.'; ${embedding}`,
      esmFunctions,
    ],
    [
      undefined,
      `import { createRuntime, FunctionError } from 'warm-pool'; const cwd = '.'; ${embedding}`,
      cjsFunctions,
    ],
    [
      'commonjs',
      `const { createRuntime, FunctionError } = require('warm-pool'); const cwd = __dirname; (async () => { ${embedding} })();`,
      cjsFunctions,
    ],
  ] as const) {
    testInstalled(`works in JavaScript with ${type ?? 'no'} "type"`, async (project) => {
      const folder = `js-${type}`;
      const file = type === undefined ? 'main.mjs' : 'main.js';
      const cwd = project.write(folder, { 'package.json': manifest(type), [file]: main, ...functions });
      const { code, stdout, stderr } = await run(process.execPath, [file], cwd);
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(JSON.parse(stdout), printed);
    });
  }

  for (const type of ['module', 'commonjs', undefined]) {
    testInstalled(`works in strict TypeScript with ${type ?? 'no'} "type"`, async (project) => {
      const cwd = project.write(`ts-${type}`, {
        'package.json': manifest(type),
        'tsconfig.json': tsconfig,
        'main.ts': typedMain,
        ...typedFunctions,
      });
      const compiled = await run(process.execPath, [tsc, '-p', '.'], cwd);
      assert.deepEqual([compiled.code, compiled.stdout], [0, '']);
      const { code, stdout, stderr } = await run(process.execPath, ['out/main.js'], cwd);
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(JSON.parse(stdout), printed);
    });
  }

  testInstalled('has types that let every right use through and refuse every wrong one', async (project) => {
    const uses = fs.readFileSync(new URL('type-uses.ts', import.meta.url), 'utf8');
    const cwd = project.write('types', {
      'package.json': manifest('module'),
      'tsconfig.json': tsconfig,
      'uses.ts': uses,
    });
    const { code, stdout } = await run(process.execPath, [tsc, '--noEmit', '-p', '.'], cwd);
    assert.deepEqual([code, stdout], [0, '']);
  });

  testInstalled(
    'brings thumbnail along, for a program and for a function of the project',
    async (project) => {
      const cwd = project.write('photos', {
        'package.json': manifest('commonjs'),
        'functions/photo.ts': "export { default } from 'warm-pool/functions/thumbnail';",
        'main.mjs': `
        import { createRuntime } from 'warm-pool';
        const runtime = await createRuntime({ config: { functions: ['functions', 'warm-pool/functions'] } });
        const args = { src: 'a.jpg', sizes: [64] };
        const { outputs: [first] } = await runtime.invoke('thumbnail', args);
        const { outputs: [second] } = await runtime.invoke('photo', { ...args, sizes: [32] });
        console.log(JSON.stringify([first, second].map(({ path, width }) => [path, width])));
        await runtime.close();`,
      });
      const photo = sharp({ create: { width: 200, height: 100, channels: 3, background: 'orange' } });
      fs.writeFileSync(path.join(cwd, 'a.jpg'), await photo.jpeg().toBuffer());
      const { code, stdout, stderr } = await run(process.execPath, ['main.mjs'], cwd);
      assert.deepEqual([code, stderr], [0, '']);
      const fileOf = (size: number) => path.join(cwd, 'thumbnails', `${size}x${size}`, 'a.jpg');
      assert.deepEqual(
        JSON.parse(stdout),
        [64, 32].map((size) => [fileOf(size), size]),
      );
      for (const size of [64, 32]) assert.equal((await sharp(fileOf(size)).metadata()).width, size);
    },
  );

  testInstalled('has the command `pool`', async (project) => {
    const cwd = project.write('command', { 'package.json': manifest('module'), ...typedFunctions });
    const { version } = JSON.parse(fs.readFileSync(path.join(repository, 'package.json'), 'utf8'));
    const pool = path.join(project.root, 'node_modules', '.bin', 'pool');
    for (const [command, args] of [
      [pool, ['--version']],
      ['npx', ['--no-install', 'pool', '--version']],
    ] as const) {
      const { code, stdout } = await run(command, args, project.root);
      assert.deepEqual([code, stdout.trim()], [0, version], command);
    }
    const { code, stdout, stderr } = await run(pool, ['invoke', 'double', '--args', '{"value":21}'], cwd);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { doubled: 42 });
  });
});
