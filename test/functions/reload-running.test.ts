import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { FunctionNotFoundError, type Invocation, type Runtime } from 'warm-pool';
import { infoOf, namesOf, openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

const returning = (value: unknown) => `export default () => ${JSON.stringify(value)};`;

/** Says that it has begun by the file `begun` in its folder, and returns its value once there is a file `go`. */
const waiting = (value: string) => `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export default async ({ folder }, ctx) => {
    fs.writeFileSync(folder + '/begun', '');
    while (!fs.existsSync(folder + '/go')) await setTimeout(10);
    return ['${value}', ctx.version];
  };`;

/** Waits until the function is in service in another version than this one. */
async function otherVersion(runtime: Runtime, name: string, version: string): Promise<void> {
  await until(`another version of ${name}`, () =>
    runtime.functions().some((info) => info.name === name && info.version !== version),
  );
}

/** In an object: an async function that returned the invocation itself would wait for its end. */
async function begin(runtime: Runtime, folder: string): Promise<{ invocation: Invocation }> {
  const invocation = runtime.invoke('slow', { folder });
  invocation.catch(() => {}); // whoever awaits it is told
  await until('the function to begin', () => fs.existsSync(`${folder}/begun`));
  return { invocation };
}

for (const max of [1, 2]) {
  test(`an invocation that is running ends on the code it began with, with a max of ${max}`, async (t) => {
    const { project, runtime } = await runProject(
      t,
      { 'functions/slow.js': waiting('one'), 'one/.keep': '', 'two/.keep': '', 'two/go': '' },
      { hotReload: true, config: { pool: { max } } },
    );
    const before = infoOf(runtime, 'slow').version;
    const { invocation: old } = await begin(runtime, project.path('one'));

    project.write('functions/slow.js', waiting('two'));
    await otherVersion(runtime, 'slow', before);
    const after = infoOf(runtime, 'slow').version;
    const fresh = runtime.invoke('slow', { folder: project.path('two') });
    // No more run at once than `max`, whatever their code.
    if (max === 1) assert.equal(fresh.status, 'queued');
    else assert.deepEqual(await within('the new code', fresh), ['two', after]);
    assert.equal(old.status, 'running');

    project.write('one/go', '');
    assert.deepEqual(await within('the old code', old), ['one', before]);
    assert.equal(old.status, 'succeeded');
    assert.deepEqual(await within('the new code', fresh), ['two', after]);
  });
}

test('an invocation of a function that is removed meanwhile ends as it began; one that waits is told', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/slow.js': waiting('one'), 'functions/other.js': returning('works'), 'one/.keep': '' },
    { hotReload: true, config: { pool: { max: 1 } } },
  );
  const { invocation: running } = await begin(runtime, project.path('one'));
  const queued = runtime.invoke('slow', { folder: project.path('one') });
  queued.catch(() => {});
  project.remove('functions/slow.js');
  const { message } = await rejectionOf(queued, FunctionNotFoundError);
  assert.match(message, /"slow" was removed while the invocation waited/);
  project.write('one/go', '');
  assert.equal(((await running) as string[])[0], 'one');
  assert.equal(await runtime.invoke('other'), 'works');
});

test('no invocation fails during 20 reloads under constant load', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/steady.js': returning('steady'), 'functions/changing.js': returning(0) },
    { hotReload: true, config: { pool: { min: 2, max: 2 } } },
  );
  const controller = new AbortController();
  const steady: unknown[] = [];
  const changing: number[] = [];
  const loop = async (name: string, results: unknown[]) => {
    while (!controller.signal.aborted) results.push(await runtime.invoke(name));
  };
  const callers = [loop('steady', steady), loop('changing', changing)];
  const load = Promise.all(callers);
  load.catch(() => {});
  try {
    for (let version = 1; version <= 20; version++) {
      const before = steady.length;
      project.write('functions/changing.js', returning(version));
      await Promise.race([until(`version ${version}`, () => changing.at(-1) === version), load]);
      // The load went on all the while.
      await Promise.race([until('the other function', () => steady.length > before), load]);
    }
  } finally {
    controller.abort();
  }
  await within('the callers', load);
  assert.deepEqual([...new Set(steady)], ['steady']);
  assert.equal(changing.at(-1), 20);
  const { functions } = runtime.stats();
  assert.equal(functions.steady?.succeeded, steady.length);
  assert.equal(functions.changing?.succeeded, functions.changing?.invocations);
});

test('of many saves in a row the last one is served, and every answer is one of them', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/greet.js': returning(0) },
    { hotReload: true },
  );
  const last = 40;
  for (let value = 1; value <= last; value++) {
    project.write('functions/greet.js', returning(value));
    const answer = await runtime.invoke<number>('greet');
    assert(answer >= 0 && answer <= value, String(answer));
  }
  await until('the last save', async () => (await runtime.invoke('greet')) === last);
});

test('a save that falls into the reload of the one before is served', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/greet.js': returning(0) },
    { hotReload: true },
  );
  for (let value = 1; value < 10; value += 2) {
    const before = Math.max(...runtime.stats().workers.map(({ id }) => id));
    project.write('functions/greet.js', returning(value));
    await until('the reload to begin', () => runtime.stats().workers.some(({ id }) => id > before));
    project.write('functions/greet.js', returning(value + 1));
    await until('the second save', async () => (await runtime.invoke('greet')) === value + 1);
  }
});

test('many files that change at once are all served', async (t) => {
  const names = Array.from({ length: 30 }, (_, index) => `f${index}`);
  const all = (value: number) => names.map((name) => [`functions/${name}.js`, returning(value)] as const);
  const { project, runtime } = await runProject(t, Object.fromEntries(all(1)), { hotReload: true });
  for (const [file, content] of all(2)) project.write(file, content);
  await until('all changes', async () => {
    const values = await Promise.all(names.map((name) => runtime.invoke(name)));
    return values.every((value) => value === 2);
  });
});

test('the workers with the old code run their teardown and are gone', async (t) => {
  const withTeardown = (value: number) => `
    import fs from 'node:fs';
    import { defineFunction } from 'warm-pool';
    export default defineFunction({
      setup() {},
      teardown: () => fs.appendFileSync(new URL('../torn-down', import.meta.url), '${value};'),
      handler: () => ${value},
    });`;
  const { project, runtime } = await runProject(
    t,
    { 'functions/greet.js': withTeardown(1) },
    { hotReload: true },
  );
  assert.equal(await runtime.invoke('greet'), 1);
  const [old] = runtime.stats().workers;
  assert(old?.pid);
  project.write('functions/greet.js', withTeardown(2));
  await until('the new code', async () => (await runtime.invoke('greet')) === 2);
  await until('the end of the old worker', async () => !(await isAlive(old.pid as number)));
  assert.equal(fs.readFileSync(project.path('torn-down'), 'utf8'), '1;');
  await until('one other worker', () => {
    const { workers } = runtime.stats();
    return workers.length === 1 && workers[0]?.id !== old.id;
  });
});

test('with hotReload false the code stays as it was', async (t) => {
  const { project, runtime } = await runProject(t, { 'functions/greet.js': returning(1) });
  // Another runtime that follows the same folder shows that the change could have been seen.
  const witness = await openRuntime(t, { cwd: project.root, hotReload: true });
  for (const value of [2, 3]) {
    project.write('functions/greet.js', returning(value));
    project.write(`functions/added${value}.js`, returning(value));
    await until('the change', async () => (await witness.invoke('greet')) === value);
    await until('the added function', () => namesOf(witness).includes(`added${value}`));
  }
  assert.deepEqual(namesOf(runtime), ['greet']);
  assert.equal(await runtime.invoke('greet'), 1);
});
