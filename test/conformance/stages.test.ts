import assert from 'node:assert/strict';
import { FunctionError, PoolError, SerializationError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { testEach, whoIs } from './support.ts';

/** How a worker or a function can end in the middle of something, as a statement. */
const endings = {
  exit: 'process.exit(3)',
  'exit with 0': 'process.exit(0)',
  crash: 'process.abort()',
  error: `throw new RangeError('no such codec')`,
};

/** Where it happens, as a module with the ending in its place. The function is called with `{ at: 'here' }`. */
const stages: Record<string, (end: string) => string> = {
  'the arguments are decoded': (end) => `
    const parse = JSON.parse;
    JSON.parse = (text, ...rest) => {
      if (String(text).includes('"here"')) { ${end}; }
      return parse(text, ...rest);
    };
    export default () => 'not reached';`,
  'the function runs': (end) => `export default () => { ${end}; };`,
  'the function runs, later': (end) => `
    export default async () => { await new Promise(setImmediate); ${end}; };`,
  'the result is encoded': (end) => `export default () => ({ get photo() { ${end}; } });`,
};

for (const [stage, module] of Object.entries(stages)) {
  for (const [ending, end] of Object.entries(endings)) {
    testEach(
      `${ending} while ${stage}: the invocation is told, the next one runs`,
      async (_t, open, isolation) => {
        const { runtime } = await open({ max: 1 }, { 'functions/fail.js': module(end) });
        const before = await whoIs(runtime);
        const failing = runtime.invoke('fail', { at: 'here' });
        const next = whoIs(runtime);
        const error = await rejectionOf(failing, PoolError);
        const after = await next;
        // A thread can't abort: that is an error like any other (see docs/threads.md).
        const isError = ending === 'error' || (ending === 'crash' && isolation === 'thread');
        if (!isError) {
          assert(error instanceof WorkerCrashedError, String(error));
          assert.notEqual(after, before);
          return;
        }
        assert.equal(after, before, 'the worker lives');
        assert.match(error.message, ending === 'error' ? /no such codec/ : /abort\(\) is not supported/);
        if (stage.includes('runs')) assert(error instanceof FunctionError, String(error));
        else {
          assert(error instanceof SerializationError, String(error));
          assert.equal(error.path, stage.includes('arguments') ? 'args' : 'result');
        }
      },
    );
  }
}

testEach('a result that was sent before the worker exits counts', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    {
      'functions/last.js': `export default (size) => {
        setImmediate(() => process.exit(1));
        return Buffer.alloc(size, 'x');
      };`,
    },
  );
  for (let round = 0; round < 10; round++) {
    const size = [3, 100_000][round % 2] as number;
    const result = await within('the result', runtime.invoke<Buffer>('last', size));
    assert.equal(result.length, size);
  }
});
