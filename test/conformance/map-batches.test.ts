import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { MessagePort } from 'node:worker_threads';
import { within } from '../support/wait.ts';
import { type Isolation, testEach } from './support.ts';
import { collect, doubles, files, numbers } from './support-map.ts';

/** Counts what this process hands to the operating system, or to other threads, for its workers. */
function countSends(t: TestContext, isolation: Isolation): () => number {
  const spied =
    isolation === 'process'
      ? t.mock.method(Socket.prototype, 'write')
      : t.mock.method(MessagePort.prototype, 'postMessage');
  return () => spied.mock.callCount();
}

testEach('the small items of a map travel together', async (t, open, isolation) => {
  const { runtime } = await open({ max: 2 }, files);
  const count = 20_000;
  // By then it has shown to be short.
  await within('the first', collect(runtime.map('double', numbers(count))));
  const sends = countSends(t, isolation);
  assert.deepEqual(await within('all', collect(runtime.map('double', numbers(count)))), doubles(count));
  t.diagnostic(`${sends()} sends for ${count} items`);
  assert(sends() > 0, 'this is the way they go');
  assert(sends() < count / 40, `${sends()} sends for ${count} items`);
});
