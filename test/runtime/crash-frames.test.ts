import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';

/**
 * A function that writes something of its own to the connection of its worker, then waits. Nobody knows what else of
 * that worker can be believed: it is to be ended, its caller told, and nobody else is to notice.
 */
const functions = {
  'functions/_frames.js': `
    /** A frame of this protocol, with a head of JSON; \`more\` is what its length promises beyond what there is. */
    export function frame(head, { codec = 0, body = Buffer.alloc(0), kind = 0, more = 0 } = {}) {
      const bytes = Buffer.isBuffer(head) ? head : Buffer.from(JSON.stringify(head));
      const prefix = Buffer.alloc(10);
      prefix.writeUInt32LE(6 + bytes.length + body.length + more, 0);
      prefix.writeUInt8(kind, 4);
      prefix.writeUInt8(codec, 5);
      prefix.writeUInt32LE(bytes.length, 6);
      return Buffer.concat([prefix, bytes, body]);
    }
    /** The same for the same seed (mulberry32). */
    export function randomBytes(seed, length) {
      let state = seed;
      return Buffer.from(Array.from({ length }, () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return (mixed ^ (mixed >>> 14)) & 0xff;
      }));
    }`,
  'functions/write.js': `
    import fs from 'node:fs';
    import { frame, randomBytes } from './_frames.js';
    const end = { durationMs: 1, memoryMB: 1, output: [0, 0] };
    const json = (value) => ({ codec: 1, body: Buffer.from(value) });
    const bytes = {
      ...Object.fromEntries(
        [null, 1, 'text', [], {}, { type: 'nonsense' }, { type: 1 }, { type: 'toString' }]
          .map((head) => ['the head ' + JSON.stringify(head), () => frame(head)])),
      'an end without its output': () => frame({ type: 'failed', run: 1, kind: 'threw' }, json('1')),
      'an end with an output that is no pair': () =>
        frame({ type: 'failed', run: 1, kind: 'threw', durationMs: 1, memoryMB: 1, output: 5 }, json('1')),
      'a success as JSON': () => frame({ type: 'succeeded', run: 1 }),
      'a success that took NaN': () => {
        const head = Buffer.alloc(32);
        head.writeUInt32LE(1, 0);
        head.writeDoubleLE(NaN, 4);
        return frame(head, { kind: 2 });
      },
      'a message of the other direction': () => frame({ type: 'stop' }),
      'progress that is no JSON': () => frame({ type: 'progress', run: 1 }, json('{')),
      'a part that is no JSON': () => frame(Buffer.alloc(5), { kind: 3, ...json('{') }),
      'a part without a value': () => frame(Buffer.alloc(5), { kind: 3 }),
      'parts of what is not read by parts': () => {
        const heads = Array.from({ length: 500 }, (_, run) => {
          const head = Buffer.alloc(5);
          head.writeUInt32LE(run);
          return head;
        });
        return Buffer.concat(heads.map((head) => frame(head, { kind: 3, ...json('1') })));
      },
      'a message of what was not spawned': () => frame({ type: 'message' }, json('1')),
      'that it has read messages of the program': () => frame({ type: 'messagesRead', count: 1 }),
      'a part as JSON': () => frame({ type: 'part', run: 1, hasWaited: 0 }, json('1')),
      'progress without a value': () => frame({ type: 'progress', run: 1 }),
      'a line at no level': () => frame({ type: 'log', run: 1, level: 'constructor', message: 'a' }),
      'a line with fields that are no v8': () =>
        frame({ type: 'log', run: 1, level: 'info', message: 'a' }, { codec: 2, body: Buffer.from('nonsense') }),
      'a call without options': () => frame({ type: 'call', run: 1, call: 1, name: 'pid' }, json('1')),
      'a reason that is no JSON': () => frame({ type: 'cancelCall', call: 1 }, json(']')),
      'functions that are none': () => frame({ type: 'ready', loadMs: 1, memoryMB: 1, run: 1 }, json('[null')),
      'the begin of 1 GB with a random head': () => {
        return frame(randomBytes(1, 100), { codec: 1, more: 2 ** 30 });
      },
      'the begin of 1 GB with a head of another length': () => {
        return frame(randomBytes(2, 100), { codec: 1, kind: 2, more: 2 ** 30 });
      },
      'the begin of 1 GB that is all head': () => {
        const cut = frame(randomBytes(3, 100), { codec: 1, more: 2 ** 30 });
        cut.writeUInt32LE(2 ** 30, 6);
        return cut;
      },
      'buffers of 4 GB': () => {
        const table = Buffer.alloc(16);
        table.writeDoubleLE(-1, table.writeUInt32LE(2 ** 32 - 1, table.writeUInt32LE(1)));
        return frame({ type: 'progress', run: 1 }, { codec: 3, body: table });
      },
      'buffers that are not in shared memory': () => {
        const table = Buffer.alloc(16);
        table.writeDoubleLE(2 ** 40, table.writeUInt32LE(64, table.writeUInt32LE(1)));
        return frame({ type: 'progress', run: 1 }, { codec: 3, body: table });
      },
      ...Object.fromEntries(Array.from({ length: 20 }, (_, seed) => [
        'random bytes, seed ' + seed, () => randomBytes(seed, 10 + 37 * seed * seed)])),
    };
    export default (what) => {
      if (what === 'names') return Object.keys(bytes);
      fs.writeSync(6, bytes[what]());
      return new Promise(() => {});
    };`,
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, 'waited');`,
};

test('whatever a function writes to the connection of its worker ends that worker, and nothing else', async (t) => {
  const { runtime } = await runProject(t, functions, {
    config: { pool: { min: 2, max: 2, timeout: Infinity } },
  });
  const names = (await runtime.invoke('write', 'names')) as string[];
  assert(names.length > 40);
  for (const name of names) {
    await t.test(name, async () => {
      const neighbour = runtime.invoke('wait', 20);
      await rejectionOf(runtime.invoke('write', name), WorkerCrashedError);
      assert.equal(await within('its neighbour', neighbour), 'waited');
    });
  }
  await within('those after it', Promise.all(Array.from({ length: 20 }, () => runtime.invoke('pid'))));
});

test('a few bytes too many before a result end the worker that sent it', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...functions,
      'functions/shift.js': `
        import fs from 'node:fs';
        export default (bytes) => { fs.writeSync(6, Buffer.from(bytes)); };`,
    },
    { config: { pool: { min: 1, max: 1, timeout: Infinity } } },
  );
  for (const bytes of [[0], [1], [255], [1, 0], [9, 0, 0, 0], [16, 0, 0, 0, 0, 0, 1, 0, 0]]) {
    await rejectionOf(runtime.invoke('shift', bytes), WorkerCrashedError);
    await within(`the next one after ${bytes}`, runtime.invoke('pid'));
  }
});

test('an error or a list of issues that can not be read still ends its invocation', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...functions,
      'functions/forge.js': `
        import fs from 'node:fs';
        import { frame } from './_frames.js';
        export default (kind, { attempt }) => {
          const end = { type: 'failed', run: 1, kind, durationMs: 1, memoryMB: 1, output: [0, 0] };
          fs.writeSync(6, frame(end, { codec: 1, body: Buffer.from('{"cut') }));
          return new Promise(() => {});
        };`,
    },
    { config: { pool: { min: 1, max: 1, maxInvocations: 1, timeout: Infinity } } },
  );
  for (const kind of ['threw', 'invalidInput', 'notLoaded', 'unserializable', 'undecodable']) {
    const error = await within(
      `the end of ${kind}`,
      runtime.invoke('forge', kind).catch((thrown: unknown) => thrown),
    );
    assert(error instanceof Error && !(error instanceof FunctionError));
    assert.match(error.message, /could not be read/);
  }
});
