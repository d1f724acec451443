/** When a thread ends, or waits, otherwise than a process: rows of docs/threads.md, for both. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { MemoryLimitError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach, whoIs } from './support.ts';

testEach(
  'a process is ended while it uses far more than maxMemory; a thread is replaced after that invocation',
  async (_t, open, isolation) => {
    const limitMB = 150;
    const { runtime } = await open(
      { max: 1, maxMemory: `${limitMB}mb` },
      {
        'functions/fill.js': `
          import { setTimeout } from 'node:timers/promises';
          export default async (ms) => {
            const photos = Array.from({ length: 12 }, () => Buffer.alloc(${limitMB / 5} * 2 ** 20, 1));
            await setTimeout(ms);
            return photos.length;
          };`,
      },
    );
    const first = await whoIs(runtime);
    const exits = () => runtime.stats().pools.default?.exits;
    if (isolation === 'process') {
      await rejectionOf(runtime.invoke('fill', 60_000), MemoryLimitError);
      await until('the end of its worker', () => exits()?.overMemory === 1);
    } else {
      // As long as it takes a process to be ended, some times over.
      assert.equal(await within('its end', runtime.invoke('fill', 500)), 12);
      await until('the end of its worker', () => exits()?.recycled === 1);
    }
    assert.notEqual(await whoIs(runtime), first);
  },
);

testEach(
  'a thread that ends takes along what was transferred to it and not begun; of a process another one runs it',
  async (_t, open, isolation) => {
    const { runtime, project } = await open(
      { max: 1 },
      {
        // Its result is on its way; whatever comes next has arrived, and not begun, when it ends.
        'functions/leave.js': `
          import fs from 'node:fs';
          export default (file) => {
            setImmediate(() => setImmediate(() => {
              fs.writeFileSync(file + '-held', '');
              while (!fs.existsSync(file));
              process.exit(1);
            }));
          };`,
        'functions/length.js': `
          import fs from 'node:fs';
          export default (bytes) => {
            fs.appendFileSync(new URL('../runs', import.meta.url), '.');
            return bytes.length;
          };`,
      },
    );
    const file = project.path('go');
    await within('its result', runtime.invoke('leave', file));
    await until('it to be held up', () => project.has('go-held'));
    const bytes = new Uint8Array(100_000);
    const invocation = runtime.invoke('length', bytes, { transfer: [bytes.buffer] });
    // What is called in one turn is sent at its end.
    await new Promise(setImmediate);
    project.write('go', '');
    if (isolation === 'thread') await rejectionOf(invocation, WorkerCrashedError);
    else assert.equal(await within('another one', invocation), 100_000);
    assert.equal(project.has('runs'), isolation === 'process');
  },
);

/** How long a thread waits each time for a program that doesn't read. */
const longestWaitMs = 10_000;

testEach(
  'a process waits until it is read; a thread for 10 seconds each time',
  async (_t, open, isolation) => {
    const { runtime, project } = await open(
      { max: 1 },
      {
        // It writes down by its own clock when it was through with each.
        'functions/report.js': `
          import fs from 'node:fs';
          const said = fs.openSync(new URL('../said', import.meta.url), 'a');
          const busy = new URL('../busy', import.meta.url);
          export default (count, { progress }) => {
            fs.writeFileSync(new URL('../begun', import.meta.url), '');
            while (!fs.existsSync(busy)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
            for (let index = 0; index < count; index++) {
              progress(String(index).padEnd(100_000));
              fs.writeSync(said, Math.round(performance.now()) + '\\n');
            }
          };`,
      },
    );
    const count = 100;
    const reporting = runtime.invoke('report', count);
    const { progress } = reporting;
    const timesSaid = () =>
      fs.readFileSync(project.path('said'), 'utf8').split('\n').slice(0, -1).map(Number);
    await until('the function to begin', () => fs.existsSync(project.path('begun')));
    const gaps = () => {
      const times = timesSaid();
      return times.slice(1).map((time, index) => time - (times[index] as number));
    };
    // This program is busy, for longer than a thread waits: meanwhile that one stands still, and then goes on by one. It
    // says nothing before: what is said to a program that reads never waits.
    project.write('busy', '');
    const begun = performance.now();
    const hasWaited = () => gaps().some((ms) => ms >= longestWaitMs / 2);
    while (performance.now() - begun < 6 * longestWaitMs && !hasWaited()) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      if (isolation === 'process' && performance.now() - begun > 1.2 * longestWaitMs) break;
    }
    assert.equal(hasWaited(), isolation === 'thread');
    const longest = gaps().filter((ms) => ms >= longestWaitMs / 2);
    assert(
      longest.every((ms) => ms >= longestWaitMs - 100),
      longest.join(),
    );
    assert(gaps().length < count - 1, `${gaps().length} of ${count}`);
    let next = 0;
    for await (const value of progress) assert.equal((value as string).trimEnd(), String(next++));
    assert.equal(next, count);
    await within('its end', reporting);
  },
);
