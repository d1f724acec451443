import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CreateRuntimeOptions, PoolConfig, Runtime, WorkerStats } from 'warm-pool';
import { type Running, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

/** What every case of this suite is run in. */
export const isolations = ['process', 'thread'] as const;
export type Isolation = (typeof isolations)[number];

/** Functions that most cases need; each case may add its own. */
export const functions = {
  'functions/echo.js': 'export default (value) => value;',
  // A thread has the pid of the program.
  'functions/who.js': `
    import { threadId } from 'node:worker_threads';
    export default () => process.pid + '.' + threadId;`,
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms, { signal }) => setTimeout(ms, 'waited', { signal });`,
  'functions/spin.js': 'export default () => { for (;;); };',
  'functions/note.js': `
    import fs from 'node:fs';
    export default (what) => fs.appendFileSync(new URL('../notes', import.meta.url), what + ';');`,
  'functions/meet.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    import { threadId } from 'node:worker_threads';
    export default async ({ folder, count }) => {
      fs.mkdirSync(folder, { recursive: true });
      const who = process.pid + '.' + threadId;
      fs.writeFileSync(folder + '/' + who, '');
      while (fs.readdirSync(folder).length < count) await setTimeout(5);
      return who;
    };`,
};

/** The begin of a module in which `die()` ends the worker, as hard as one of its kind can die. */
export const dying = `
  import { isMainThread } from 'node:worker_threads';
  const die = () => {
    if (!isMainThread) process.exit(1);
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  };`;

/** A function that tells by its progress that it runs, before it blocks its event loop. */
export const tellAndSpin = `
  import { setTimeout } from 'node:timers/promises';
  export default async (args, { progress }) => {
    progress('begun');
    await setTimeout(1);
    for (;;);
  };`;

/** Makes a project of `functions` and these files and opens a runtime on it with a pool of this kind. */
export type Open = (
  pool: PoolConfig,
  files?: Record<string, string>,
  options?: CreateRuntimeOptions,
) => Promise<Running>;

/** One case, for each isolation, or those for which it makes sense. */
export function testEach(
  name: string,
  body: (t: TestContext, open: Open, isolation: Isolation) => Promise<void>,
  where: readonly Isolation[] = isolations,
): void {
  for (const isolation of where) {
    test(`${name} (${isolation})`, (t) => {
      const open: Open = (pool, files, options) => {
        const config = { pool: { isolation, ...pool } };
        return runProject(t, { ...functions, ...files }, { config, ...options });
      };
      return body(t, open, isolation);
    });
  }
}

/** The configuration of a pool of this kind, as text for a program of its own. */
export function poolText(isolation: Isolation, pool: PoolConfig): string {
  return JSON.stringify({ isolation, ...pool });
}

/** The begin of a program, or a module, in which `memory()` tells what is used. */
export const collected = `
  import v8 from 'node:v8';
  import vm from 'node:vm';
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  /** What is still reachable, in bytes. */
  const memory = () => {
    for (let round = 0; round < 3; round++) collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };`;

/** Who runs the next invocation. */
export function whoIs(runtime: Runtime): Promise<string> {
  return within('the next one', runtime.invoke<string>('who'));
}

/** A file for a worker to make, and a test to remove. */
export function placeOf(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'warm-pool-test-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'here');
}

let meetings = 0;

/** Has so many workers run something at the same time, and returns who they are. */
export async function meet({ runtime, project }: Running, count: number): Promise<string[]> {
  const folder = project.path(`meeting-${++meetings}`);
  const invocations = Array.from({ length: count }, () => runtime.invoke<string>('meet', { folder, count }));
  const workers = await within(`${count} workers at once`, Promise.all(invocations));
  assert.equal(new Set(workers).size, count);
  return workers;
}

/** What `note` was called with, in the order of the runs. */
export function notesOf({ project }: Running): string[] {
  return project.has('notes') ? fs.readFileSync(project.path('notes'), 'utf8').split(';').slice(0, -1) : [];
}

/** A worker as `who` tells of itself. */
export function nameOf({ pid = process.pid, threadId = 0 }: WorkerStats): string {
  return `${pid}.${threadId}`;
}

/** Asserts that these workers have ended, as far as they are processes of their own. */
export async function assertGone(workers: readonly string[]): Promise<void> {
  for (const pid of pidsOf(workers)) assert.equal(await isAlive(pid), false, `worker ${pid} is still there`);
}

/** Waits for the end of these workers, as far as they are processes of their own. */
export async function untilGone(workers: readonly string[]): Promise<void> {
  for (const pid of pidsOf(workers)) {
    await until(`the end of worker ${pid}`, async () => !(await isAlive(pid)));
  }
}

function pidsOf(workers: readonly string[]): number[] {
  return workers.map((worker) => Number.parseInt(worker, 10)).filter((pid) => pid !== process.pid);
}
