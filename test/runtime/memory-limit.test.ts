import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionLoadError, MemoryLimitError } from 'warm-pool';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

const MB = 2 ** 20;

/** Keeps so many MB more with each call. */
const leak = (config = '') => `
  const kept = [];
  export default (mb) => {
    kept.push(Buffer.alloc(mb * ${MB}, 1));
    return process.pid;
  };
  ${config}`;

/** Allocates without end; it blocks the event loop or not. */
const greed = (pause: string, config = '') => `
  import { setImmediate } from 'node:timers/promises';
  const kept = [];
  export default async () => {
    for (;;) {
      kept.push(Buffer.alloc(${4 * MB}, 1));
      ${pause}
    }
  };
  ${config}`;

const files = {
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, process.pid);`,
};

test('a worker is replaced after the invocation that crosses maxMemory, and nothing fails', async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/leak.js': leak() },
    { config: { pool: { max: 1, maxMemory: '300mb' } } },
  );
  const memory = new Map<number, number[]>();
  for (let call = 0; call < 14; call++) {
    const invocation = runtime.invoke<number>('leak', 60);
    const pid = await within('a call', invocation);
    memory.set(pid, [...(memory.get(pid) ?? []), invocation.report?.memoryMB ?? 0]);
  }
  const generations = [...memory.values()];
  assert(generations.length > 1, 'it was never replaced');
  for (const figures of generations.slice(0, -1)) {
    assert((figures.at(-1) as number) > 300, `it was replaced with ${figures}`);
    for (const before of figures.slice(0, -1)) assert(before <= 300, `it went on with ${figures}`);
  }
});

for (const [how, pause] of [
  ['blocks its worker', ''],
  ['lets the event loop turn', 'await setImmediate();'],
] as const) {
  test(`a function that takes memory without end and ${how} is ended for it, alone`, async (t) => {
    const { runtime } = await runProject(
      t,
      { ...files, 'functions/greed.js': greed(pause) },
      { config: { pool: { min: 2, max: 2, maxMemory: '200mb', timeout: '60s' } } },
    );
    const neighbour = runtime.invoke<number>('wait', 300);
    const greedy = runtime.invoke('greed');
    const behind = Array.from({ length: 3 }, () => runtime.invoke<number>('pid'));
    const error = await rejectionOf(greedy, MemoryLimitError);
    assert.equal(error.code, 'MEMORY_LIMIT');
    assert.deepEqual([error.functionName, error.invocationId], ['greed', greedy.id]);
    assert.equal(error.limitMB, 200);
    // It is looked at before it can have taken much more than 1.5 times the limit.
    assert(error.memoryMB >= 300 && error.memoryMB < 450, `it had ${error.memoryMB} MB`);
    assert.match(
      error.message,
      /The worker that ran "greed" was ended for its memory: \d+ MB, its limit is 200 MB/,
    );
    assert.equal(greedy.status, 'crashed');
    await within('the neighbour', neighbour);
    await within('those behind it', Promise.all(behind));
    await until(
      'two workers',
      () => runtime.stats().workers.filter(({ state }) => state === 'ready').length === 2,
    );
  });
}

test('a function that takes more in one step than it may have in all is ended in the middle of that', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/gulp.js': `
        export default (mb) => Buffer.alloc(mb * ${MB}, 1).length;
        export const config = { memory: '64mb' };`,
    },
    { config: { pool: { max: 1 } } },
  );
  // The second one comes to a worker whose watchdog has had nothing to look at.
  for (let call = 0; call < 2; call++) {
    const error = await rejectionOf(runtime.invoke('gulp', 1_000), MemoryLimitError);
    assert(error.memoryMB < 300, `it had ${error.memoryMB} MB`);
  }
});

test("a function's own memory takes the place of the pool's while it runs, be it less or more", async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/less.js': greed('', "export const config = { memory: '100mb' };"),
      'functions/more.js': leak("export const config = { memory: '2gb' };"),
    },
    { config: { pool: { max: 1, maxMemory: '120mb' } } },
  );
  assert.equal(infoOf(runtime, 'less').config.memory, 100 * MB);
  const { limitMB } = await rejectionOf(runtime.invoke('less'), MemoryLimitError);
  assert.equal(limitMB, 100);
  const pid = await within('one that may have more', runtime.invoke<number>('more', 400));
  // What it leaves behind is too much for the others.
  await until('its worker to be gone', async () => !(await isAlive(pid)));
});

test('a function is not blamed for the memory that others left in its worker', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/leak.js': leak(),
      'functions/small.js': `
        import { setTimeout } from 'node:timers/promises';
        export default () => setTimeout(600, process.pid);
        export const config = { memory: '64mb' };`,
    },
    { config: { pool: { max: 1 } } },
  );
  const pid = await runtime.invoke<number>('leak', 300);
  assert.equal(await within('the small one', runtime.invoke<number>('small')), pid);
});

test('a memory that is none puts the function out of service, with the reason', async (t) => {
  const { runtime } = await runProject(t, {
    'functions/none.js': "export default () => 1; export const config = { memory: 'much' };",
  });
  const { message } = await rejectionOf(runtime.invoke('none'), FunctionLoadError);
  assert.match(
    message,
    /memory: expected a number of bytes or a string such as "512mb" or "1.5 gb", got 'much' \(string\)/,
  );
});
