import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import type { Runtime } from 'warm-pool';
import { infoOf, runProject } from '../support/open-runtime.ts';
import { until } from '../support/wait.ts';

/** An answer: the value that is written in the module, and the version that the function was told it has. */
type Answer = readonly [value: number, version: string];

const answering = (value: number) => `export default (_args, ctx) => [${value}, ctx.version];`;

/** Each worker that loads it takes the next number, and goes on when there is a file `go-<number>`, or `go`. */
const held = `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  const root = new URL('../', import.meta.url);
  const take = (number) => {
    try { fs.mkdirSync(new URL('taken-' + number, root)); return number; } catch { return take(number + 1); }
  };
  const number = take(1);
  while (!fs.existsSync(new URL('go', root)) && !fs.existsSync(new URL('go-' + number, root))) await setTimeout(5);
  export default () => number;`;

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
  const begun = (number: number) =>
    until(`worker ${number}`, () => fs.existsSync(project.path(`taken-${number}`)));

  project.remove('go');
  project.write('functions/greet.js', answering(1));
  await begun(4); // the two workers of the new code, after the two of the old
  project.write('go-3', '');
  await until('the new code', () => infoOf(runtime, 'greet').version !== first);
  const seen = [...(await answers(runtime))];

  project.write('functions/greet.js', answering(2));
  await begun(5);
  project.write('go-4', '');
  await until(
    'the second worker',
    () => runtime.stats().workers.filter(({ state }) => state === 'ready').length === 2,
  );
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
