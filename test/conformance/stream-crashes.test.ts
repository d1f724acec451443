import assert from 'node:assert/strict';
import { FunctionError, WorkerCrashedError } from 'warm-pool';
import { until } from '../support/wait.ts';
import { dying, notesOf, testEach, untilGone, whoIs } from './support.ts';
import { readAll, readToError, streams } from './support-stream.ts';

const mortal = {
  'functions/die-after.js': `${dying}
    export default function* (parts) {
      for (let index = 0; index < parts; index++) yield index;
      die();
    }`,
};

testEach('what a worker has sent comes before the news of its crash', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 1 }, mortal);
  for (const parts of [0, 1, 3, 10]) {
    const worker = await whoIs(runtime);
    const mourned = runtime.stream('die-after', parts);
    // Read only then, as far as it comes without a reader.
    if (parts <= 3) await until('the crash', () => mourned.status === 'crashed');
    const [got, error] = await readToError(mourned);
    assert.deepEqual(
      got,
      Array.from({ length: parts }, (_, index) => index),
    );
    assert(error instanceof WorkerCrashedError);
    await untilGone([worker]);
  }
});

testEach(
  'a worker that is killed while parts pour out leaves no gap between those that come',
  async (_t, open) => {
    const { runtime } = await open({ min: 1, max: 1 }, { ...streams, ...mortal });
    let got = 0;
    for (let round = 0; round < 15; round++) {
      const stop = round * 300;
      const counting = runtime.stream<number>('count', {});
      try {
        let next = 0;
        for await (const part of counting) {
          assert.equal(part, next++);
          got++;
          if (next === stop + 1) process.kill(runtime.stats().workers[0]?.pid as number, 'SIGKILL');
        }
        assert.fail('it ended');
      } catch (error) {
        assert(error instanceof WorkerCrashedError, String(error));
      }
    }
    assert(got >= 300);
  },
  ['process'],
);

const trying = {
  'functions/try.js': `${dying}
    import fs from 'node:fs';
    export default async function* ({ parts, how }, { attempt }) {
      fs.appendFileSync(new URL('../notes', import.meta.url), attempt + ';');
      if (attempt < 3 && parts === 0) fail(how);
      yield 'first of ' + attempt;
      if (attempt < 3) fail(how);
    }
    function fail(how) { if (how === 'die') die(); throw new Error('not yet'); }`,
};

testEach('a stream is tried again before its first part, and never after it', async (_t, open) => {
  const opened = await open({ min: 1, max: 1 }, trying);
  const { runtime } = opened;
  const retry = { attempts: 3, backoff: 1 };
  for (const how of ['throw', 'die']) {
    const before = notesOf(opened).length;
    const retried = runtime.stream('try', { parts: 0, how }, { retry });
    assert.deepEqual(await readAll(retried), [['first of 3'], undefined]);
    assert.deepEqual([retried.attempt, retried.status], [3, 'succeeded']);
    assert.deepEqual(notesOf(opened).slice(before), ['1', '2', '3']);

    const [parts, error] = await readToError(runtime.stream('try', { parts: 1, how }, { retry }));
    assert.deepEqual(parts, ['first of 1']);
    assert(error instanceof (how === 'die' ? WorkerCrashedError : FunctionError));
    assert.deepEqual(notesOf(opened).slice(before + 3), ['1']);
  }
  assert.equal((await runtime.invoke<string[]>('try', { parts: 1 }, { retry })).join(), 'first of 3');
});

testEach(
  'a worker that sends more parts than it may is ended',
  async (_t, open) => {
    const { runtime } = await open(
      { min: 1, max: 1 },
      {
        'functions/flood.js': `
          import fs from 'node:fs';
          import { setTimeout } from 'node:timers/promises';
          const part = Buffer.from('1');
          export default async ({ run, parts }) => {
            const frame = Buffer.alloc(16);
            frame.writeUInt32LE(12, 0);
            frame.writeUInt8(3, 4); // a part
            frame.writeUInt8(1, 5); // in JSON
            frame.writeUInt32LE(5, 6);
            frame.writeUInt32LE(run, 10);
            const whole = Buffer.concat([frame.subarray(0, 15), part]);
            fs.writeSync(6, Buffer.concat(Array(parts).fill(whole)));
            await setTimeout(600_000);
          };`,
      },
    );
    const [parts, error] = await readToError(runtime.stream('flood', { run: 1, parts: 1_000 }));
    assert(parts.length <= 33, `${parts.length} came`);
    assert(error instanceof WorkerCrashedError);
    assert.match(error.message, /expected parts to wait for their reader/);
    assert.match(await whoIs(runtime), /^\d+\.0$/);
  },
  ['process'],
);
