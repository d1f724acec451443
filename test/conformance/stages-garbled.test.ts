import assert from 'node:assert/strict';
import { SerializationError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { dying, testEach, whoIs } from './support.ts';

/** Results that the runtime can not decode: what returns one, after what makes the worker write it so. */
const garbled: Record<string, { before: string; value: string }> = {
  'JSON that ends too early': {
    before: `
      const stringify = JSON.stringify;
      JSON.stringify = (value, ...rest) =>
        value?.photo === 'garbled' ? '{"photo": ' : stringify(value, ...rest);`,
    value: `{ photo: 'garbled' }`,
  },
  'a serialised value that ends too early': {
    before: `
      import v8 from 'node:v8';
      const release = v8.Serializer.prototype.releaseBuffer;
      v8.Serializer.prototype.releaseBuffer = function () {
        const bytes = release.call(this);
        return bytes.includes('garbled') ? bytes.subarray(0, bytes.length / 2) : bytes;
      };`,
    value: `new Map([['photo', 'garbled']])`,
  },
  'a serialised value with noise in it': {
    before: `
      import v8 from 'node:v8';
      const release = v8.Serializer.prototype.releaseBuffer;
      v8.Serializer.prototype.releaseBuffer = function () {
        const bytes = release.call(this);
        return bytes.includes('garbled') ? bytes.fill(0xff, bytes.indexOf('garbled') - 12) : bytes;
      };`,
    value: `new Map([['photo', 'garbled']])`,
  },
};

/** What the worker does as soon as it has sent the result. */
const endings: Record<string, string> = {
  stays: '',
  exits: 'setImmediate(() => process.exit(3));',
  dies: 'setImmediate(die);',
};

for (const [what, { before, value }] of Object.entries(garbled)) {
  for (const [ending, end] of Object.entries(endings)) {
    testEach(
      `a result that is ${what} is a SerializationError, also when its worker ${ending}`,
      async (_t, open) => {
        const module = `${dying}${before}\nexport default () => { ${end} return ${value}; };`;
        const { runtime } = await open({ max: 1 }, { 'functions/garble.js': module });
        for (let round = 0; round < 3; round++) {
          const worker = await whoIs(runtime);
          const invocation = runtime.invoke('garble');
          const error = await rejectionOf(invocation, SerializationError);
          assert.equal(error.path, 'result');
          assert.equal(invocation.status, 'failed');
          if (end === '') assert.equal(await whoIs(runtime), worker, 'the worker lives');
        }
        assert.equal(await within('the next one', runtime.invoke('echo', 'next')), 'next');
      },
    );
  }

  testEach(
    `a result that is ${what}, in the journal of a worker that has died, is a SerializationError`,
    async (_t, open) => {
      const env = { WARM_POOL_FAIL_AT: 'journaled:10' };
      const module = `${before}\nexport default () => (${value});`;
      const { runtime } = await open({ max: 1, env }, { 'functions/garble.js': module });
      let crashes = 0;
      // Whether ends are journaled depends on the clock: on a busy machine a worker may need some rounds.
      await until('a worker that dies then', async () => {
        const round = Array.from({ length: 200 }, () => runtime.invoke('garble'));
        for (const outcome of await within('all of them', Promise.allSettled(round))) {
          assert(outcome.status === 'rejected');
          if (outcome.reason instanceof WorkerCrashedError) crashes++;
          else assert(outcome.reason instanceof SerializationError, String(outcome.reason));
        }
        return crashes > 0;
      });
      await whoIs(runtime);
      const { exits } = runtime.stats().pools.default ?? {};
      assert.equal(crashes, exits?.crashed, 'one for each worker that died');
    },
  );
}
