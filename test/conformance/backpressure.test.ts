import assert from 'node:assert/strict';
import fs from 'node:fs';
import { startProgram } from '../runtime/support-program.ts';
import { makeProject } from '../support/project.ts';
import { until, within } from '../support/wait.ts';
import { collected, type Isolation, poolText, testEach } from './support.ts';

const counted = {
  'functions/give.js': `
    import fs from 'node:fs';
    const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
    export default (size) => {
      fs.writeSync(runs, '.');
      return Buffer.alloc(size, 'x');
    };`,
};

interface Flood {
  readonly calls: number;
  readonly resultBytes: number;
  /** How many results may wait to be read, those included that were read together with the first. */
  readonly mostUnread: number;
}

/** A result takes some ms, and a hundred times that on a busy machine. */
const standstillMs = 1_000;

const floods: Record<Isolation, Flood> = {
  // It stops once what it has sent is not taken from it: at the latest when its shared memory is full, at 32 MB.
  process: { calls: 80, resultBytes: 4 * 2 ** 20, mostUnread: 30 },
  // It stops once 4 MB are unread.
  thread: { calls: 200, resultBytes: 2 ** 18, mostUnread: 40 },
};

testEach('a worker whose results nobody reads stops, and loses none', async (t, open, isolation) => {
  const { calls, resultBytes, mostUnread } = floods[isolation];
  const { project, runtime } = await open({ max: 1 }, counted);
  const runs = () => fs.readFileSync(project.path('runs'), 'utf8').length;
  // So that it has shown to be short.
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 200 }, () => runtime.invoke('give', 1)));
  }
  const before = runs();
  const invocations = Array.from({ length: calls }, () => runtime.invoke<Buffer>('give', resultBytes));
  await within('the first', invocations[0] as Promise<Buffer>);
  // This program is busy: it reads nothing until the worker stands still, or has run too many.
  let ran = 0;
  for (let since = performance.now(); ran <= mostUnread && performance.now() - since < standstillMs; ) {
    const now = runs() - before;
    if (now > ran) since = performance.now();
    ran = now;
  }
  t.diagnostic(`${ran} had run`);
  assert(ran <= mostUnread, `${ran} had run`);
  for (const { length } of await within('all of them', Promise.all(invocations))) {
    assert.equal(length, resultBytes);
  }
});

testEach('a function whose progress nobody reads stands still, and loses none of it', async (t, open) => {
  const report = `
    import fs from 'node:fs';
    const said = fs.openSync(new URL('../said', import.meta.url), 'a');
    export default (count, { progress }) => {
      for (let index = 0; index < count; index++) {
        progress(String(index).padEnd(100_000));
        fs.writeSync(said, '.');
      }
    };`;
  const { project, runtime } = await open({ max: 1 }, { 'functions/report.js': report });
  const said = () => (project.has('said') ? fs.readFileSync(project.path('said'), 'utf8').length : 0);
  const count = 500;
  const invocation = runtime.invoke('report', count);
  const { progress } = invocation;
  await until('the first', () => said() > 0);
  // This program is busy: it reads nothing until the function stands still, or has said too much.
  const most = 100;
  let last = 0;
  for (let since = performance.now(); last <= most && performance.now() - since < standstillMs; ) {
    const now = said();
    if (now > last) since = performance.now();
    last = now;
  }
  t.diagnostic(`it had said ${last}`);
  assert(last <= most, `it had said ${last}`);
  let index = 0;
  for await (const value of progress) assert.equal((value as string).trimEnd(), String(index++));
  assert.equal(index, count);
  await within('its end', invocation);
});

/** The arguments of what waits, once, and little else: with one more copy of them it would be twice as much. */
const mostCopies = 1.5;

testEach(
  'a caller that is faster than its worker keeps what waits in memory once',
  async (t, _open, isolation) => {
    const hold = `
    import fs from 'node:fs';
    // Blocks the event loop: nothing that is sent to this worker is read meanwhile.
    export default ({ file }) => { while (file && !fs.existsSync(file)); };`;
    const project = makeProject(t, { 'functions/hold.js': hold });
    const program = startProgram(
      t,
      project,
      `${collected}
    import fs from 'node:fs';
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { max: 1 })} } });
    // So that it has shown to be short, and much of it is handed ahead.
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 200 }, () => runtime.invoke('hold', {})));
    }
    const [count, size] = [4_000, 20_000];
    const invocations = new Array(count).fill(undefined);
    const before = memory();
    const held = runtime.invoke('hold', { file: ${JSON.stringify(project.path('go'))} });
    for (let index = 0; index < count; index++) {
      // All of them could be sent by now, if there were nothing to hold them back.
      if (index % 100 === 0) await new Promise(setImmediate);
      invocations[index] = runtime.invoke('hold', { photo: 'x'.repeat(size - 10) + index });
    }
    await new Promise(setImmediate);
    console.log(JSON.stringify([(memory() - before) / (count * size), runtime.stats().queued]));
    fs.writeFileSync(${JSON.stringify(project.path('go'))}, '');
    await Promise.all([held, ...invocations]);
    console.log(JSON.stringify('done'));
    await runtime.close();`,
    );
    const [copies, queued] = await program.line<[number, number]>(0);
    t.diagnostic(`${copies.toFixed(2)} times the arguments, with ${queued} queued`);
    assert.equal(queued, 4_000);
    assert(copies < mostCopies, `${copies} times the arguments`);
    assert.equal(await program.line(1), 'done');
    assert.equal((await program.ended).code, 0);
  },
);
