import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { repository } from '../harness/places.ts';
import type { Contestant, Job, RunOptions, Subject } from '../harness/subject.ts';
import { findWarmPool, loadWarmPool } from '../peers/warm-pool.ts';

const workers = 2;

/** What is started, and what it takes from the start until it is of use, in ms. */
interface Start extends Contestant {
  time(job: Job): Promise<number>;
}

const starts: readonly Start[] = [
  {
    ...own('createRuntime, TypeScript functions'),
    ours: true,
    time: (job) => timeOfCreate(job, path.join(repository, 'functions')),
  },
  {
    ...own('createRuntime, the same functions compiled'),
    time: (job) => timeOfCreate(job, path.join(job.build, 'functions')),
  },
  { ...own('pool invoke, no runtime running'), time: (job) => timeOfInvoke(job) },
  { ...own('pool invoke, pool start running'), time: timeOfAttachedInvoke },
  {
    ...other(`node -e "import('sharp')"`),
    time: () => timeOfProgram(['-e', "import('sharp')"]),
  },
  { ...other('node -e 0'), time: () => timeOfProgram(['-e', '0']) },
  { ...other('tsx -e 0'), time: () => timeOfProgram([tsx(), '-e', '0']) },
];

const subject: Subject = {
  title: 'from the start until it is of use',
  measures: [{ name: 'start', title: 'start', unit: 's' }],
  contestants: starts,
  rounds: { full: 7, quick: 1 },
  notes: [
    `createRuntime: from the call until ${workers} workers are warm with the functions of this project, thumbnail among them, in a ` +
      'program that has imported the library. Programs: from their start to their end.',
    'pool invoke: of the function checksum, which is plain JavaScript, in a project with that function alone.',
  ],
  measure: async (job) => {
    const start = starts.find(({ name }) => name === job.contestant);
    assert.ok(start, `Expected a contestant, got \`${job.contestant}\``);
    return (await start.time(job)) / 1000;
  },
};

export default subject;

function own(name: string): Contestant {
  return {
    name: `warm-pool ${name}`,
    find: async ({ build }: RunOptions) => ({ ...(await findWarmPool(build)), title: `warm-pool: ${name}` }),
  };
}

function other(title: string): Contestant {
  return { name: title, find: async () => ({ present: true, title }) };
}

async function timeOfCreate({ build, folder }: Job, functions: string): Promise<number> {
  const { createRuntime } = await loadWarmPool(build);
  const start = performance.now();
  const runtime = await createRuntime({
    cwd: folder,
    config: { functions, pool: { min: workers, max: workers } },
  });
  const ms = performance.now() - start;
  const thumbnail = runtime.functions().find(({ name }) => name === 'thumbnail');
  assert.equal(thumbnail?.state, 'ready', thumbnail?.error?.message);
  assert.equal(runtime.stats().workers.filter(({ state }) => state === 'ready').length, workers);
  await runtime.close();
  return ms;
}

async function timeOfInvoke(job: Job): Promise<number> {
  await makeProject(job.folder);
  const file = path.join(repository, 'package.json');
  const args = ['invoke', 'checksum', '--args', JSON.stringify({ src: file })];
  return timeOfProgram([pool(job), ...args], job.folder);
}

async function timeOfAttachedInvoke(job: Job): Promise<number> {
  await makeProject(job.folder);
  const started = spawn(process.execPath, [pool(job), 'start'], {
    cwd: job.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await untilReady(started.stderr);
    return await timeOfInvoke(job);
  } finally {
    started.kill('SIGINT');
    await once(started, 'exit');
  }
}

function untilReady(output: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = '';
    output.setEncoding('utf8').on('data', (chunk: string) => {
      seen += chunk;
      if (/\bready\b/.test(seen)) resolve();
    });
    output.on('end', () => reject(new Error(`Expected \`pool start\` to get ready, got: ${seen}`)));
  });
}

async function makeProject(folder: string): Promise<void> {
  await mkdir(path.join(folder, 'functions'), { recursive: true });
  await cp(path.join(repository, 'functions', 'checksum.js'), path.join(folder, 'functions', 'checksum.js'));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }\n');
}

async function timeOfProgram(args: readonly string[], cwd = repository): Promise<number> {
  const start = performance.now();
  const program = spawn(process.execPath, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const complaints = text(program.stderr);
  const [code] = await once(program, 'exit');
  const ms = performance.now() - start;
  assert.equal(code, 0, await complaints);
  return ms;
}

function pool({ build }: Job): string {
  return path.join(build, 'cli', 'main.js');
}

function tsx(): string {
  return createRequire(path.join(repository, 'package.json')).resolve('tsx/cli');
}
