import assert from 'node:assert/strict';
import { RuntimeClosedError } from 'warm-pool';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { readToError, streams } from './support-stream.ts';

/** Half of what they would take if each had a reader's time for itself, one after another. */
const deadlineMs = 30_000;

testEach('a close does not wait for many streams that nobody reads one after another', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 1 }, streams);
  const forgotten = Array.from({ length: 24 }, () => runtime.stream<number>('count', {}));
  await within('the close', runtime.close(), deadlineMs);
  for (const stream of forgotten) {
    const [parts, error] = await readToError(stream);
    assert.equal(parts[0], 0);
    assert(error instanceof RuntimeClosedError);
  }
});
