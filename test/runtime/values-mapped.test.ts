import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';

const skip = fs.existsSync('/dev/shm') ? false : 'this platform has no folder in memory';

const echo = `
  import fs from 'node:fs';
  export default (bytes) => bytes === null
    ? fs.readFileSync('/proc/self/maps', 'utf8').split('.warm-pool-').length - 1
    : bytes;`;

/** Sends so much that mapping pays, and says how many of their files the program and the worker have mapped. */
const program = (env: string) => `
  import { randomFillSync } from 'node:crypto';
  import fs from 'node:fs';
  import { createRuntime } from 'warm-pool';
  ${env}
  const runtime = await createRuntime({ config: { pool: { min: 1, max: 1 } } });
  let same = 0;
  for (let round = 0; round < 150; round++) {
    const sent = [1, 2].map((count) => randomFillSync(Buffer.alloc(count * 2 ** 20 + round)));
    const [first, second] = await Promise.all(sent.map((bytes) => runtime.invoke('echo', bytes)));
    if (sent[0].equals(first) && sent[1].equals(second)) same++;
  }
  // Short ones use the journal.
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => runtime.invoke('echo', index)));
  }
  const own = fs.readFileSync('/proc/self/maps', 'utf8').split('.warm-pool-').length - 1;
  const worker = await runtime.invoke('echo', null);
  await runtime.close();
  const left = fs.readFileSync('/proc/self/maps', 'utf8').split('.warm-pool-').length - 1;
  console.log(JSON.stringify({ same, own: own > 0, worker, left }));`;

test('large values come through where both sides have mapped what they share, and nothing stays mapped', {
  skip,
}, async (t) => {
  const project = makeProject(t, { 'functions/echo.js': echo });
  assert.deepEqual(await runProgram(project, program('')), { same: 150, own: true, worker: 3, left: 0 });
});

test('they come through where no file may be so large', {
  skip: process.platform === 'win32' && 'there is no ulimit',
}, async (t) => {
  const project = makeProject(t, { 'functions/echo.js': echo });
  // In blocks of 512 bytes.
  const result = await runProgram(project, program(''), { limit: '-f 200' });
  assert.deepEqual(result, { same: 150, own: false, worker: 1, left: 0 });
});

test('they do without mapping, which can be switched off', { skip }, async (t) => {
  const project = makeProject(t, { 'functions/echo.js': echo });
  const result = await runProgram(project, program(`process.env.WARM_POOL_NO_MMAP = '1';`));
  assert.deepEqual(result, { same: 150, own: false, worker: 0, left: 0 });
});
