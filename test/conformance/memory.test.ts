import assert from 'node:assert/strict';
import { startProgram } from '../runtime/support-program.ts';
import { makeProject } from '../support/project.ts';
import { collected, functions, type Isolation, poolText, testEach } from './support.ts';

/** An invocation that waits has its promise, its record and its arguments; measured, that are some 600 bytes. */
const mostBytesQueued = 2_000;

// Where a queue is concerned the kinds of workers don't differ: one of them has a million, the others fewer.
const counts: Record<Isolation, number> = { process: 1_000_000, thread: 100_000 };

testEach('a million invocations at once all run, in their order', async (t, _open, isolation) => {
  const count = counts[isolation];
  const program = startProgram(
    t,
    makeProject(t, functions),
    `${collected}
    import { createRuntime } from 'warm-pool';
    const pool = { ...${poolText(isolation, { min: 1, max: 1 })}, queueLimit: Infinity };
    const runtime = await createRuntime({ config: { pool } });
    const count = ${count};
    const invocations = new Array(count).fill(undefined);
    const before = memory();
    for (let index = 0; index < count; index++) invocations[index] = runtime.invoke('echo', { index });
    console.log(JSON.stringify((memory() - before) / count));
    let next = 0;
    for (const invocation of invocations) if ((await invocation).index !== next++) break;
    console.log(JSON.stringify({ next, stats: runtime.stats().functions.echo.succeeded, queued: runtime.stats().queued }));
    await runtime.close();`,
  );
  const bytes = await program.line<number>(0, longestMs);
  t.diagnostic(`${Math.round(bytes)} bytes for each that waits`);
  assert(bytes < mostBytesQueued, `${bytes} bytes for each`);
  assert.deepEqual(await program.line(1, longestMs), { next: count, stats: count, queued: 0 });
  assert.equal((await program.ended).code, 0);
});

/** A million take some ten seconds on a machine that has nothing else to do. */
const longestMs = 180_000;

const keeping = {
  ...functions,
  'functions/memory.js': `${collected}
    export default memory;`,
  'functions/fail.js': `export default (photo) => { throw Object.assign(new Error('no'), { photo }); };`,
};

/** A single one that is kept is seen; what the program itself gathers, as its code is compiled, is a tenth of that. */
const photoBytes = 1_000_000;
const mostBytesKept = photoBytes / 2;

const rounds: [what: string, round: string][] = [
  ['text', `await runtime.invoke('echo', { photo: 'x'.repeat(size) });`],
  ['bytes', `await runtime.invoke('echo', Buffer.alloc(size));`],
  ['a Map', `await runtime.invoke('echo', new Map([['photo', 'x'.repeat(size)]]));`],
  ['an error', `await runtime.invoke('fail', 'x'.repeat(size)).catch(() => {});`],
  [
    'what was cancelled in the queue',
    `const signal = AbortSignal.any([new AbortController().signal]);
    const waiting = runtime.invoke('wait', 1);
    const invocation = runtime.invoke('echo', 'x'.repeat(size), { signal });
    invocation.cancel({ photo: 'x'.repeat(size) });
    await invocation.catch(() => {});
    await waiting;`,
  ],
  [
    'what was cancelled while it ran',
    `const invocation = runtime.invoke('wait', 60_000);
    invocation.cancel({ photo: 'x'.repeat(size) });
    await invocation.catch(() => {});
    await runtime.drain();`,
  ],
  [
    'progress',
    `const invocation = runtime.invoke('echo', 'x'.repeat(size));
    for await (const value of invocation.progress);
    await invocation;`,
  ],
];

for (const [what, round] of rounds) {
  testEach(`no reference is kept to arguments, results and reasons: ${what}`, async (t, _open, isolation) => {
    const program = startProgram(
      t,
      makeProject(t, keeping),
      `${collected}
      import { createRuntime } from 'warm-pool';
      const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { max: 1, killGrace: '60s' })} } });
      const size = ${photoBytes};
      const some = async (count) => { for (let index = 0; index < count; index++) { ${round} } };
      const both = async () => {
        // In a turn of its own: Node holds on to the message of a thread while it is dealt with.
        await new Promise(setImmediate);
        return [memory(), await runtime.invoke('memory')];
      };
      await some(10);
      await both();
      const before = await both();
      await some(20);
      const after = await both();
      console.log(JSON.stringify(after.map((bytes, side) => bytes - before[side])));
      await runtime.close();`,
    );
    const [inProgram, inWorker] = await program.line<[number, number]>(0);
    t.diagnostic(`${inProgram} bytes more in the program, ${inWorker} in the worker`);
    assert(inProgram < mostBytesKept, `${inProgram} bytes more in the program`);
    assert(inWorker < mostBytesKept, `${inWorker} bytes more in the worker`);
    assert.equal((await program.ended).code, 0);
  });
}
