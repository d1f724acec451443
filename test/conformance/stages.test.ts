import assert from 'node:assert/strict';
import fs from 'node:fs';
import { FunctionError, PoolError, SerializationError, WorkerCrashedError } from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { deadlineMs, within } from '../support/wait.ts';
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

testEach(
  'a result that can not be decoded is a SerializationError, and the worker lives',
  async (_t, open) => {
    const { runtime } = await open(
      { max: 1 },
      {
        'functions/garble.js': `
        const stringify = JSON.stringify;
        JSON.stringify = (value, ...rest) =>
          value?.photo === 'garbled' ? '{"photo": ' : stringify(value, ...rest);
        export default () => ({ photo: 'garbled' });`,
      },
    );
    const before = await whoIs(runtime);
    const invocation = runtime.invoke('garble');
    const error = await rejectionOf(invocation, SerializationError);
    assert.equal(error.path, 'result');
    assert.equal(invocation.status, 'failed');
    assert.equal(await whoIs(runtime), before);
  },
);

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

const photoBytes = 50 * 2 ** 20;

const large = {
  'functions/size.js': 'export default (photo) => photo.length;',
  'functions/die-in.js': `export default (ms) => {
    setTimeout(() => process.exit(3), ms);
    return Buffer.alloc(0);
  };`,
  'functions/give-and-die.js': `export default ({ ms, size }) => {
    if (ms < 0) setImmediate(() => process.exit(3));
    else setTimeout(() => process.exit(3), ms);
    return Buffer.alloc(size, 'x');
  };`,
};

testEach(
  'a worker that dies while 50 MB are sent to it: the invocation runs elsewhere or is told',
  async (t, open) => {
    const { runtime } = await open({ max: 1 }, large);
    const photo = Buffer.alloc(photoBytes, 'x');
    const outcomes: string[] = [];
    for (const ms of [0, 2, 10, 30, 100]) {
      await within('the one before', runtime.invoke('die-in', ms));
      const invocation = runtime.invoke<number>('size', photo);
      const [outcome] = await within('its end', Promise.allSettled([invocation]));
      if (outcome.status === 'fulfilled') assert.equal(outcome.value, photoBytes);
      else assert(outcome.reason instanceof WorkerCrashedError, String(outcome.reason));
      outcomes.push(invocation.status);
      await whoIs(runtime);
    }
    t.diagnostic(outcomes.join(', '));
  },
);

testEach(
  'a worker that dies while it sends 50 MB: the result is whole, or the caller is told',
  async (t, open) => {
    const { runtime } = await open({ max: 1 }, large);
    const outcomes: string[] = [];
    for (const ms of [-1, 0, 5, 20, 60]) {
      const invocation = runtime.invoke<Buffer>('give-and-die', { ms, size: photoBytes });
      const [outcome] = await within('its end', Promise.allSettled([invocation]));
      if (outcome.status === 'fulfilled') assert(outcome.value.equals(Buffer.alloc(photoBytes, 'x')));
      else assert(outcome.reason instanceof WorkerCrashedError, String(outcome.reason));
      outcomes.push(invocation.status);
      await whoIs(runtime);
    }
    t.diagnostic(outcomes.join(', '));
  },
);

/** What can be held up at that point, so that it takes no luck to hit it: the bytes on their way lie in a socket. */
const onlyProcesses = ['process'] as const;

testEach(
  'a worker that is killed when it has read a part of 50 MB had not begun: the invocation runs elsewhere',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, large);
    const photo = Buffer.alloc(photoBytes, 'x');
    for (let round = 0; round < 3; round++) {
      const pid = Number.parseInt(await whoIs(runtime), 10);
      // It reads nothing more: a socket holds some 0.2 MB.
      process.kill(pid, 'SIGSTOP');
      const invocation = runtime.invoke<number>('size', photo);
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      process.kill(pid, 'SIGKILL');
      assert.equal(await within('its end', invocation), photoBytes);
    }
    assert.equal(infoOf(runtime, 'size').stats.crashed, 0);
  },
  onlyProcesses,
);

testEach(
  'a worker that is killed when a part of its 50 MB has been read: the caller is told, and the next one runs',
  async (_t, open) => {
    const { project, runtime } = await open(
      { max: 1 },
      {
        'functions/give.js': `
          import fs from 'node:fs';
          export default ({ file, size }) => {
            // By then the first bytes of the result are on their way.
            setImmediate(() => fs.writeFileSync(file, ''));
            return Buffer.alloc(size, 'x');
          };`,
      },
    );
    for (const round of [1, 2, 3]) {
      const pid = Number.parseInt(await whoIs(runtime), 10);
      const file = project.path(`sent-${round}`);
      const invocation = runtime.invoke('give', { file, size: photoBytes });
      // Sent at the end of this turn; after the next ones nothing is read here, before the worker is dead.
      await new Promise(setImmediate);
      const end = performance.now() + deadlineMs;
      while (!fs.existsSync(file) && performance.now() < end);
      process.kill(pid, 'SIGKILL');
      await rejectionOf(invocation, WorkerCrashedError);
      assert.notEqual(Number.parseInt(await whoIs(runtime), 10), pid);
    }
  },
  onlyProcesses,
);
