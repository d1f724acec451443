import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { FunctionLoadError, FunctionNotFoundError, type Runtime } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { infoOf, namesOf, openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until } from '../support/wait.ts';

const hot = { hotReload: true };
const returning = (value: unknown) => `export default () => ${JSON.stringify(value)};`;

/** Waits until a function returns this; until then it may return something else, or not be there. */
async function returns(runtime: Runtime, name: string, value: unknown): Promise<void> {
  await until(`${name} to return ${value}`, async () => {
    const [outcome] = await Promise.allSettled([runtime.invoke(name)]);
    return outcome.status === 'fulfilled' && outcome.value === value;
  });
}

/** Waits until a function is listed as failed with a message like this. */
async function failsToLoad(runtime: Runtime, name: string, pattern: RegExp): Promise<void> {
  await until(`${name} to fail with ${pattern}`, () =>
    runtime
      .functions()
      .some(
        (info) => info.name === name && info.state === 'failed' && pattern.test(info.error?.message ?? ''),
      ),
  );
}

test('a changed function answers with its new code and its new version', async (t) => {
  const withVersion = (value: string) => `export default (_args, ctx) => ['${value}', ctx.version];`;
  const { project, runtime } = await runProject(t, { 'functions/greet.ts': withVersion('one') }, hot);
  const before = infoOf(runtime, 'greet').version;
  assert.deepEqual(await runtime.invoke('greet'), ['one', before]);

  project.write('functions/greet.ts', withVersion('two'));
  await until('a new version', () => infoOf(runtime, 'greet').version !== before);
  const after = infoOf(runtime, 'greet').version;
  assert.deepEqual(await runtime.invoke('greet'), ['two', after]);

  project.write('functions/greet.ts', withVersion('one'));
  await until('the first version', () => infoOf(runtime, 'greet').version === before);
  assert.deepEqual(await runtime.invoke('greet'), ['one', before]);
});

for (const [how, save] of [
  ['in place', (file: string, text: string) => fs.writeFileSync(file, text)],
  [
    'in pieces',
    (file: string, text: string) => {
      fs.truncateSync(file);
      for (const piece of text.match(/.{1,8}/gs) ?? []) fs.appendFileSync(file, piece);
    },
  ],
  [
    'by removing it first',
    (file: string, text: string) => {
      fs.rmSync(file);
      fs.writeFileSync(file, text);
    },
  ],
  [
    'with a backup beside it',
    (file: string, text: string) => {
      fs.renameSync(file, `${file}~`);
      fs.writeFileSync(file, text);
      fs.rmSync(`${file}~`);
    },
  ],
] as const) {
  test(`a function that is saved ${how} answers with its new code`, async (t) => {
    const { project, runtime } = await runProject(t, { 'functions/greet.ts': returning(1) }, hot);
    save(project.path('functions/greet.ts'), returning(2));
    await returns(runtime, 'greet', 2);
    save(project.path('functions/greet.ts'), returning(3));
    await returns(runtime, 'greet', 3);
  });
}

test('changed settings hold from then on', async (t) => {
  const withTimeout = (timeout: number) =>
    `export const config = { timeout: ${timeout} }; ${returning(timeout)}`;
  const { project, runtime } = await runProject(t, { 'functions/greet.js': withTimeout(5000) }, hot);
  assert.equal(infoOf(runtime, 'greet').config.timeout, 5000);
  project.write('functions/greet.js', withTimeout(7000));
  await until('the new timeout', () => infoOf(runtime, 'greet').config.timeout === 7000);
});

test('an added function can be invoked, in a new folder as well', async (t) => {
  const { project, runtime } = await runProject(t, { 'functions/first.js': returning(1) }, hot);
  project.write('functions/second.js', returning(2));
  await returns(runtime, 'second', 2);
  project.write('functions/images/deep/third.ts', returning(3));
  await returns(runtime, 'images/deep/third', 3);
  assert.deepEqual(namesOf(runtime), ['first', 'images/deep/third', 'second']);
  assert.equal(await runtime.invoke('first'), 1);
});

test('a removed function is gone, and comes back with its file', async (t) => {
  const files = { 'functions/first.js': returning(1), 'functions/images/second.js': returning(2) };
  const { project, runtime } = await runProject(t, files, hot);
  project.remove('functions/images');
  await until('the function to be gone', () => !namesOf(runtime).includes('images/second'));
  await rejectionOf(runtime.invoke('images/second'), FunctionNotFoundError);
  assert.equal(await runtime.invoke('first'), 1);
  project.write('functions/images/second.js', returning('again'));
  await returns(runtime, 'images/second', 'again');
});

test('a changed file that functions import changes what they do', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      'functions/_lib/sizes.ts': 'export const small: number = 1;',
      'functions/_limits.json': '{ "most": 1 }',
      'functions/_common.cjs': 'exports.quality = 1;',
      'functions/sizes.ts': "import { small } from './_lib/sizes.ts'; export default (): number => small;",
      'functions/limits.mjs': `
        import limits from './_limits.json' with { type: 'json' };
        export default () => limits.most;`,
      'functions/quality.cjs':
        "const { quality } = require('./_common.cjs'); module.exports = () => quality;",
    },
    hot,
  );
  for (const name of ['sizes', 'limits', 'quality']) assert.equal(await runtime.invoke(name), 1);
  project.write('functions/_lib/sizes.ts', 'export const small: number = 2;');
  await returns(runtime, 'sizes', 2);
  project.write('functions/_limits.json', '{ "most": 3 }');
  await returns(runtime, 'limits', 3);
  project.write('functions/_common.cjs', 'exports.quality = 4;');
  await returns(runtime, 'quality', 4);
});

test('a broken save is listed with its error and hinders no other function, until it is repaired', async (t) => {
  const files = { 'functions/greet.ts': returning(1), 'functions/other.ts': returning('works') };
  const { project, runtime } = await runProject(t, files, hot);
  for (const [broken, pattern] of [
    ['export default () => { const x = ; };', /Unexpected/],
    ["throw new Error('no camera');", /no camera/],
    ["import './_missing.ts'; export default () => 1;", /_missing/],
    ['export const nothing = 1;', /to export a function/],
    ["export default () => 1; export const config = { timeout: 'soon' };", /timeout: expected/],
  ] as const) {
    project.write('functions/greet.ts', broken);
    await failsToLoad(runtime, 'greet', pattern);
    const { message } = await rejectionOf(runtime.invoke('greet'), FunctionLoadError);
    assert.match(message, pattern);
    assert.equal(await runtime.invoke('other'), 'works');
  }
  project.write('functions/greet.ts', returning('repaired'));
  await returns(runtime, 'greet', 'repaired');
  assert.equal(infoOf(runtime, 'greet').error, undefined);
});

test('a broken shared file fails the functions that import it, until it is repaired', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      'functions/_lib.ts': 'export const value: number = 1;',
      'functions/greet.ts': "import { value } from './_lib.ts'; export default () => value;",
      'functions/other.ts': returning('works'),
    },
    hot,
  );
  project.write('functions/_lib.ts', 'export const value: number = ;');
  await failsToLoad(runtime, 'greet', /_lib\.ts:1:/);
  assert.equal(await runtime.invoke('other'), 'works');
  project.write('functions/_lib.ts', 'export const value: number = 2;');
  await returns(runtime, 'greet', 2);
});

test('a module that ends the process while it loads arrives by reload and is left out', async (t) => {
  const files = { 'functions/greet.js': returning(1), 'functions/other.js': returning('works') };
  const { project, runtime } = await runProject(t, files, hot);
  project.write('functions/greet.js', 'process.exit(3);');
  await failsToLoad(runtime, 'greet', /exited with code 3 while it loaded the module/);
  assert.equal(await runtime.invoke('other'), 'works');
  project.write('functions/greet.js', returning('repaired'));
  await returns(runtime, 'greet', 'repaired');
});

test('two files that come to give one name fail it until one of them is gone', async (t) => {
  const { project, runtime } = await runProject(t, { 'functions/greet.js': returning(1) }, hot);
  project.write('functions/greet.ts', returning(2));
  await failsToLoad(runtime, 'greet', /several files give this name/);
  project.remove('functions/greet.js');
  await returns(runtime, 'greet', 2);
});

test('a change behind a link is followed', async (t) => {
  const project = makeProject(t, { 'functions/own.js': returning(1), 'shared/linked.js': returning(1) });
  fs.symlinkSync(project.path('shared'), project.path('functions/shared'), 'junction');
  const runtime = await openRuntime(t, { cwd: project.root, ...hot });
  assert.equal(await runtime.invoke('shared/linked'), 1);
  project.write('shared/linked.js', returning(2));
  await returns(runtime, 'shared/linked', 2);
});

test('a folder that is removed leaves its functions in service, and is followed again when it is back', async (t) => {
  const log = new LogLines();
  const files = { 'functions/greet.js': returning(1) };
  const { project, runtime } = await runProject(t, files, { ...hot, logger: log.logger });
  project.remove('functions');
  await log.line(/^error the functions stay as they were: .*functions.* can't be read/);
  assert.equal(await runtime.invoke('greet'), 1);
  project.write('functions/greet.js', returning(2));
  await returns(runtime, 'greet', 2);
  project.write('functions/greet.js', returning(3));
  await returns(runtime, 'greet', 3);
});

test('a folder that becomes unreadable does the same', async (t) => {
  const log = new LogLines();
  const files = { 'functions/greet.js': returning(1) };
  const { project, runtime } = await runProject(t, files, { ...hot, logger: log.logger });
  project.remove('functions');
  // Looking at a link to itself fails for whoever looks, root too, and not because there is nothing.
  fs.symlinkSync('functions', project.path('functions'));
  await log.line(/^error the functions stay as they were: .*functions.* can't be read: .*ELOOP/);
  assert.equal(await runtime.invoke('greet'), 1);
  project.remove('functions');
  project.write('functions/greet.js', returning(2));
  await returns(runtime, 'greet', 2);
});
