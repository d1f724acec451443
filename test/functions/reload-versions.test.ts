import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import type { Runtime } from 'warm-pool';
import { infoOf, runProject } from '../support/open-runtime.ts';
import { until } from '../support/wait.ts';

/** An answer: the value that is written in the module, and the version that the function was told it has. */
type Answer = readonly [value: number, version: string];

const answering = (value: number) => `export default (_args, ctx) => [${value}, ctx.version];`;

/** A worker that loads it says so by a file of its pid, and goes on when there is a file `go-<pid>`, or `go`. */
const held = `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  const root = new URL('../', import.meta.url);
  fs.writeFileSync(new URL('held-' + process.pid, root), '');
  const mayGo = () => ['go', 'go-' + process.pid].some((name) => fs.existsSync(new URL(name, root)));
  while (!mayGo()) await setTimeout(5);
  export default () => {};`;

/** As many answers as show what each of two workers has. */
async function answers(runtime: Runtime): Promise<Answer[]> {
  return Promise.all(Array.from({ length: 40 }, () => runtime.invoke<Answer>('greet')));
}

function assertNamesContent(all: readonly Answer[]): void {
  const byVersion = new Map<string, number>();
  for (const [value, version] of all) {
    const first = byVersion.get(version) ?? value;
    assert.equal(value, first, `version ${version} answered with the code of ${first} and of ${value}`);
    byVersion.set(version, value);
  }
}

test('a save that falls between the starts of two workers gives no version two meanings', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/a-held.js': held, 'functions/greet.js': answering(0), go: '' },
    { hotReload: true, config: { pool: { min: 2, max: 2 } } },
  );
  const first = infoOf(runtime, 'greet').version;
  const heldPids = () =>
    runtime
      .stats()
      .workers.filter(({ state, pid }) => state === 'starting' && fs.existsSync(project.path(`held-${pid}`)))
      .map(({ pid }) => pid);
  const isFreed = (pid: number | undefined) => fs.existsSync(project.path(`go-${pid}`));

  project.remove('go');
  project.write('functions/greet.js', answering(1));
  await until('one worker with the new code', () => {
    const pids = heldPids();
    // One save may be followed by a second reload: then other workers take the place of those that were held.
    if (pids.length === 2 && !pids.some(isFreed)) project.write(`go-${pids[0]}`, '');
    return infoOf(runtime, 'greet').version !== first;
  });
  const seen = [...(await answers(runtime))];

  const second = await until('the other worker to be held', () => heldPids().find((pid) => !isFreed(pid)));
  project.write('functions/greet.js', answering(2));
  project.write(`go-${second}`, '');
  await until('the other worker', () => {
    const worker = runtime.stats().workers.find(({ pid }) => pid === second);
    return worker === undefined || worker.state === 'ready';
  });
  seen.push(...(await answers(runtime)));
  assertNamesContent(seen);

  project.write('go', '');
  await until('the newest code', async () => (await answers(runtime)).every(([value]) => value === 2));
});

test('a worker that is replaced after a change that was not followed gives no version two meanings', async (t) => {
  const { project, runtime } = await runProject(t, { 'functions/greet.js': answering(1) });
  const seen = [...(await answers(runtime))];
  project.write('functions/greet.js', answering(2));
  const old = runtime.stats().workers.map(({ pid }) => pid as number);
  for (const pid of old) process.kill(pid, 'SIGKILL');
  await until('other workers', () =>
    runtime.stats().workers.every(({ pid }) => !old.includes(pid as number)),
  );
  seen.push(...(await answers(runtime)));
  assertNamesContent(seen);
});
