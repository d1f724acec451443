import assert from 'node:assert/strict';
import { SerializationError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { testEach, whoIs } from './support.ts';

/** Beyond what a frame can hold. Nothing of it is ever written, so that it takes no memory but the room for it. */
const tooLarge = 2 ** 31;

testEach('a result that is too large to be sent is told with its size and the limit', async (_t, open) => {
  const { runtime } = await open(
    { max: 1, maxMemory: '64gb' },
    { 'functions/give.js': 'export default (size) => ({ photo: Buffer.alloc(size) });' },
  );
  const before = await whoIs(runtime);
  const error = await rejectionOf(runtime.invoke('give', tooLarge), SerializationError);
  assert.match(
    error.message,
    /"give".*result: it is 2147483\d{3} bytes long, at most 2146435071 can be sent/,
  );
  assert.equal(error.path, 'result');
  assert.equal(await whoIs(runtime), before);
});

testEach('arguments that are too large to be sent are told so, and are not taken', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    { 'functions/length.js': 'export default (photo) => photo.byteLength;' },
  );
  const photo = new ArrayBuffer(tooLarge);
  const invocation = runtime.invoke('length', { photo }, { transfer: [photo] });
  const error = await rejectionOf(invocation, SerializationError);
  assert.match(
    error.message,
    /"length".*args: it is 2147483\d{3} bytes long, at most 2146435071 can be sent/,
  );
  assert.equal(error.path, 'args');
  assert.equal(photo.byteLength, tooLarge);
  await whoIs(runtime);
});
