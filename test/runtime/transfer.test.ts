import assert from 'node:assert/strict';
import fs from 'node:fs';
import { FunctionError, SerializationError, WorkerCrashedError } from 'warm-pool';
import { type Isolation, testEach } from '../conformance/support.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';

const files = {
  'functions/look.js': `
    export default ({ buffer, middle }) => {
      const bytes = new Uint8Array(buffer);
      const sum = bytes.reduce((total, byte) => total + byte, 0);
      bytes[middle.byteOffset] = 9;
      return { sum, length: buffer.byteLength, isShared: middle.buffer === buffer, now: middle[0] };
    };`,
  'functions/length.js': 'export default (bytes) => bytes?.byteLength ?? 0;',
  'functions/fail-twice.js': `
    export default ({ bytes }, { attempt }) => {
      if (attempt < 3) throw new Error('attempt ' + attempt);
      return [attempt, bytes[0], bytes.length];
    };`,
};

const sizes = [1_000, 1_000_000, 16 * 2 ** 20];

for (const size of sizes) {
  testEach(
    `a buffer of ${size} bytes that is transferred is detached here, and whole there`,
    async (_t, open) => {
      const { runtime } = await open({ max: 1 }, files);
      for (let round = 0; round < 3; round++) {
        const { buffer } = new Uint8Array(size).fill(1);
        const middle = new Uint8Array(buffer, size / 2, 10);
        const looking = runtime.invoke('look', { buffer, middle }, { transfer: [buffer] });
        assert.deepEqual([buffer.byteLength, middle.length], [0, 0]);
        assert.deepEqual(await looking, { sum: size, length: size, isShared: true, now: 9 });
      }
    },
  );
}

testEach(
  'a buffer moves to a thread without a copy: at no moment there is memory for two',
  async (t, open) => {
    const { runtime } = await open({ max: 1 }, files);
    const size = 256 * 2 ** 20;
    await runtime.invoke('length');
    const { buffer } = new Uint8Array(size).fill(1);
    const mostBefore = process.resourceUsage().maxRSS;
    assert.equal(await runtime.invoke('length', buffer, { transfer: [buffer] }), size);
    assert.equal(buffer.byteLength, 0);
    const grown = (process.resourceUsage().maxRSS - mostBefore) * 1024;
    t.diagnostic(`${Math.round(grown / 2 ** 20)} MB more than with the buffer`);
    assert(grown < size / 2, `${grown} bytes more`);
  },
  ['thread'],
);

testEach('what is not listed stays as it is, and is copied', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const [given, kept] = [new Uint8Array(100_000).fill(1), Buffer.alloc(100_000, 2)];
  assert.equal(await runtime.invoke('length', [given, kept], { transfer: [given.buffer] }), 0);
  assert.deepEqual([given.length, kept.length, kept[99_999]], [0, 100_000, 2]);
});

testEach('of many invocations in a row each has its own buffer', async (_t, open) => {
  const { runtime } = await open({ min: 2, max: 2 }, files);
  const invocations = Array.from({ length: 500 }, (_, index) => {
    const { buffer } = new Uint8Array(1_000 + index * 300);
    return runtime.invoke('length', buffer, { transfer: [buffer] });
  });
  const lengths = await within('all of them', Promise.all(invocations));
  assert.deepEqual(
    lengths,
    Array.from({ length: 500 }, (_, index) => 1_000 + index * 300),
  );
});

testEach('each attempt of a retry has the bytes', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const bytes = new Uint8Array(200_000).fill(5);
  const retry = { attempts: 3, backoff: 1 };
  const invocation = runtime.invoke('fail-twice', { bytes }, { transfer: [bytes.buffer], retry });
  assert.deepEqual(await invocation, [3, 5, 200_000]);
  const last = new Uint8Array(200_000).fill(5);
  const failing = runtime.invoke('fail-twice', { bytes: last }, { transfer: [last.buffer] });
  assert.match(String((await rejectionOf(failing, FunctionError)).cause), /attempt 1/);
});

testEach('a buffer is not detached by an invocation that can not be sent', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const buffer = new ArrayBuffer(10);
  const failing = runtime.invoke('length', { buffer, run() {} }, { transfer: [buffer] });
  assert.equal((await rejectionOf(failing, SerializationError)).path, 'args.run');
  assert.equal(buffer.byteLength, 10);
});

const detached = new ArrayBuffer(10);
structuredClone(detached, { transfer: [detached] });
const twice = new ArrayBuffer(10);

const mistakes: [what: string, transfer: unknown, message: RegExp][] = [
  ['no list', detached, /`transfer` option to be a list of ArrayBuffers, got ArrayBuffer/],
  ['a view', [new Uint8Array(1)], /a list of ArrayBuffers, got/],
  ['shared memory', [new SharedArrayBuffer(1)], /a list of ArrayBuffers, got/],
  ['a detached one', [new ArrayBuffer(1), detached], /`transfer\[1\]` it is detached already/],
  ['one twice', [twice, twice], /`transfer\[1\]` it stands in the list twice/],
  ["one of Node's pool", [Buffer.from('small').buffer], /the pool that small Buffers share/],
];

testEach('a list that can not be transferred is told', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  for (const [what, transfer, message] of mistakes) {
    const options = { transfer: transfer as ArrayBuffer[] };
    const error = await rejectionOf(runtime.invoke('length', 1, options), TypeError);
    assert.match(error.message, message, what);
  }
  assert.equal(twice.byteLength, 10);
});

testEach(
  'shared memory can not be sent, not even to a thread; a view of it is copied',
  async (_t, open, isolation: Isolation) => {
    const { runtime } = await open(
      { max: 1 },
      {
        'functions/write.js': `export default (view) => {
          view[0] = 7;
          return view.buffer instanceof ArrayBuffer;
        };`,
      },
    );
    const shared = new SharedArrayBuffer(100_000);
    const failing = runtime.invoke('write', { photo: shared });
    assert.equal((await rejectionOf(failing, SerializationError)).path, 'args.photo');
    const view = new Uint8Array(shared);
    assert.equal(await runtime.invoke('write', view), true, isolation);
    assert.equal(view[0], 0);
  },
);

testEach(
  'what was transferred to a worker that dies before it began is not lost in silence, and never in a process',
  async (_t, open, isolation) => {
    const { runtime, project } = await open(
      { max: 1 },
      {
        ...files,
        // The next one is on its way when it ends.
        'functions/die.js': `export default () => { setImmediate(() => process.exit(1)); };`,
        'functions/note.js': `
        import fs from 'node:fs';
        export default (bytes) => {
          fs.appendFileSync(new URL('../notes', import.meta.url), bytes.length + ';');
          return bytes.length;
        };`,
      },
    );
    let done = 0;
    for (let round = 0; round < 20; round++) {
      await runtime.invoke('die');
      const bytes = new Uint8Array(100_000);
      const invocation = runtime.invoke<number>('note', bytes, { transfer: [bytes.buffer] });
      const [outcome] = await within('its end', Promise.allSettled([invocation]));
      // A thread takes it along: no other one can run the function.
      const mayFail = isolation === 'thread';
      if (mayFail && outcome.status === 'rejected') assert(outcome.reason instanceof WorkerCrashedError);
      else assert.equal(outcome.status, 'fulfilled', `round ${round}: ${invocation.status}`);
      assert.equal(bytes.length, 0);
      if (outcome.status === 'fulfilled') {
        assert.equal(outcome.value, 100_000);
        done++;
      }
    }
    const notes = project.has('notes') ? fs.readFileSync(project.path('notes'), 'utf8') : '';
    assert.equal(notes, '100000;'.repeat(done));
  },
);
