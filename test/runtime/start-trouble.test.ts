import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntime, FunctionLoadError } from 'warm-pool';
import { infoOf, openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { until, within } from '../support/wait.ts';

const echo = { 'functions/echo.js': 'export default (value) => value;' };

/** Opens files until there can be no more; `free` closes them. */
const hoarding = `
  import fs from 'node:fs';
  import { createRuntime } from 'warm-pool';
  const files = [];
  const hoard = () => { try { for (;;) files.push(fs.openSync('/dev/null')); } catch {} };
  const free = () => { for (const file of files.splice(0)) fs.closeSync(file); };`;

test('a worker that can not be started for want of files fails what waits, and the program goes on', async (t) => {
  const project = makeProject(t, echo);
  const program = `
    ${hoarding}
    const runtime = await createRuntime({ hotReload: false, config: { pool: { min: 0, max: 1, idleTimeout: 1 } } });
    while (runtime.stats().workers.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    hoard();
    const refused = await runtime.invoke('echo', 1).catch((error) => error);
    const { queued } = runtime.stats();
    free();
    const value = await runtime.invoke('echo', 2);
    await runtime.close();
    console.log(JSON.stringify([refused.code, refused.message, queued, value]));`;
  const [code, message, queued, value] = (await runProgram(project, program, {
    limit: '-n 400',
  })) as unknown[];
  assert.equal(code, 'WORKER_CRASHED');
  assert.match(message as string, /No worker starts: the last one could not be started\. .*EMFILE/);
  assert.deepEqual([queued, value], [0, 2]);
});

test('a dead worker is replaced once there are files again', async (t) => {
  const project = makeProject(t, echo);
  const program = `
    ${hoarding}
    const runtime = await createRuntime({ hotReload: false, config: { pool: { max: 1 } } });
    const [{ pid }] = runtime.stats().workers;
    hoard();
    process.kill(pid, 'SIGKILL');
    while (runtime.stats().workers.some((worker) => worker.pid === pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    free();
    const value = await runtime.invoke('echo', 'works');
    await runtime.close();
    console.log(JSON.stringify(value));`;
  assert.equal(await runProgram(project, program, { limit: '-n 400' }), 'works');
});

test('a file that is saved while the runtime starts is no hindrance, and its last content is served', async (t) => {
  const project = makeProject(t, {
    'functions/answer.js': 'export default () => 1;',
    'functions/held.js': `
      import fs from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      const root = new URL('../', import.meta.url);
      fs.writeFileSync(new URL('loading', root), '');
      while (!fs.existsSync(new URL('go', root))) await setTimeout(5);
      export default () => {};`,
  });
  const starting = createRuntime({ cwd: project.root, config: { pool: { min: 2, max: 2 } } });
  starting.catch(() => {}); // whoever awaits it is told
  t.after(async () => (await starting).close({ timeout: 0 }));
  await until('the first load', () => project.has('loading'));
  // Each of these comes while the one before is being loaded.
  for (const value of [2, 3]) {
    project.remove('loading');
    project.write('functions/answer.js', `export default () => ${value};`);
    await until('the load of what was saved', () => project.has('loading'));
  }
  project.write('go', '');
  const runtime = await within('the runtime', starting);
  // A second worker may have told of the load before: then the last one is yet to come.
  await until('the last content', async () => (await runtime.invoke('answer')) === 3);
});

test('what a module throws later is blamed on it, and not on the one that is being loaded by then', async (t) => {
  const { runtime } = await runProject(t, {
    ...echo,
    'functions/a-guilty.js': `
      import fs from 'node:fs';
      const tried = new URL('../tried', import.meta.url);
      setInterval(() => {
        if (fs.existsSync(tried)) throw new Error('the database is not there');
      }, 5);
      export default () => {};`,
    // Only the first time is it in the way: alone it would be loaded at once.
    'functions/b-innocent.js': `
      import fs from 'node:fs';
      const tried = new URL('../tried', import.meta.url);
      if (!fs.existsSync(tried)) {
        fs.writeFileSync(tried, '');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }
      export default () => 'innocent';`,
  });
  assert.equal(infoOf(runtime, 'b-innocent').state, 'ready');
  assert.equal(await runtime.invoke('b-innocent'), 'innocent');
  const { message } = await rejectionOf(runtime.invoke('a-guilty'), FunctionLoadError);
  assert.match(message, /the database is not there/);
});

test('a function that is in service stays there when one more worker fails to load it for a while', async (t) => {
  const project = makeProject(t, {
    'functions/moody.js': `
      import fs from 'node:fs';
      const isThere = (name) => fs.existsSync(new URL('../' + name, import.meta.url));
      if (isThere('down')) {
        fs.appendFileSync(new URL('../tries', import.meta.url), 'x');
        process.exit(1);
      }
      export default async (file) => {
        while (!isThere(file)) await new Promise((resolve) => setTimeout(resolve, 5));
        return process.pid;
      };`,
  });
  const runtime = await openRuntime(t, { cwd: project.root, config: { pool: { min: 1, max: 2 } } });
  project.write('down', '');
  const both = [runtime.invoke('moody', 'go'), runtime.invoke('moody', 'go')];
  await until('a worker that fails', () => project.has('tries'));
  project.remove('down');
  await until('the other worker', () => runtime.stats().running === 2);
  project.write('go', '');
  assert.equal(new Set(await within('both', Promise.all(both))).size, 2);
  assert.equal(infoOf(runtime, 'moody').state, 'ready');
});
