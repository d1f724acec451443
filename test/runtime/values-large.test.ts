import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import { testEach } from '../conformance/support.ts';
import { within } from '../support/wait.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/kinds.js': `export default ({ bytes, floats, view }) => ({
    names: [bytes, floats, view].map((value) => value.constructor.name),
    sum: floats.reduce((sum, value) => sum + value, 0),
    bytes, floats, view,
  });`,
  // It goes on writing to what it has returned.
  'functions/careless.js': `export default (length) => {
    const bytes = Buffer.alloc(length, 1);
    for (const ms of [0, 1, 2, 5]) setTimeout(() => bytes.fill(2), ms);
    return bytes;
  };`,
};

const megabyte = 2 ** 20;
const randomBytes = (length: number) => randomFillSync(Buffer.allocUnsafeSlow(length));

/** With shared memory, and forced to do without. */
for (const switchedOff of ['', '1']) {
  const where = switchedOff ? 'without shared memory' : 'through shared memory';
  const settings = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    process.env.WARM_POOL_NO_SHARED_MEMORY = switchedOff;
    try {
      return await action();
    } finally {
      delete process.env.WARM_POOL_NO_SHARED_MEMORY;
    }
  };

  testEach(`large values come back as they were, ${where}`, async (_t, open) => {
    const { runtime } = await settings(() => open({ min: 2, max: 2 }, files));
    for (const length of [65_535, 65_536, megabyte, 8 * megabyte, 8 * megabyte + 1, 16 * megabyte]) {
      const bytes = randomBytes(length);
      const returned = await within('an echo', runtime.invoke<{ bytes: Buffer }>('echo', { bytes }));
      assert(returned.bytes.equals(bytes), `${length} bytes`);
    }
    const floats = Float64Array.from({ length: 100_000 }, (_, index) => index);
    const bytes = randomBytes(megabyte);
    const view = new DataView(randomBytes(100_000).buffer, 1_000, 90_000);
    const all = await within(
      'all kinds',
      runtime.invoke<Record<string, unknown>>('kinds', { bytes, floats, view }),
    );
    assert.deepEqual(all, {
      names: ['Buffer', 'Float64Array', 'DataView'],
      sum: 4_999_950_000,
      bytes,
      floats,
      view,
    });
  });

  testEach(
    `large values go ${where} indeed`,
    async (_t, open) => {
      const { runtime } = await settings(() => open({ max: 1 }, files));
      await within('an echo', runtime.invoke('echo', randomBytes(megabyte)));
      const { pid } = runtime.stats().workers[0] ?? assert.fail('no worker');
      const isInMemory = largestFileOf(pid as number) >= megabyte;
      assert.equal(isInMemory, switchedOff === '');
    },
    process.platform === 'linux' ? ['process'] : [],
  );

  testEach(`more large values at once than there is room for, ${where}`, async (_t, open) => {
    const { runtime } = await settings(() => open({ min: 2, max: 2 }, files));
    const sent = Array.from({ length: 40 }, (_, index) => randomBytes((1 + (index % 3)) * megabyte));
    const returned = await within(
      'all of them',
      Promise.all(sent.map((bytes) => runtime.invoke<Buffer>('echo', bytes))),
    );
    assert(sent.every((bytes, index) => returned[index]?.equals(bytes)));
  });

  testEach(`what is written to a value after it was sent changes nothing, ${where}`, async (_t, open) => {
    const { runtime } = await settings(() => open({ max: 1 }, files));
    const bytes = Buffer.alloc(2 * megabyte, 1);
    const echoes = Array.from({ length: 4 }, () => runtime.invoke<Buffer>('echo', bytes));
    bytes.fill(2);
    for (const echo of echoes) assert((await within('an echo', echo)).every((byte) => byte === 1));
    for (const length of [100_000, 12 * megabyte]) {
      const returned = await within('the result', runtime.invoke<Buffer>('careless', length));
      assert(returned.every((byte) => byte === 1));
    }
  });
}

/** The bytes that the largest file takes which this process has open. */
function largestFileOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const files = fs.readdirSync(folder).map((fd) => fs.statSync(`${folder}/${fd}`));
  return Math.max(...files.map((file) => (file.isFile() ? file.blocks * 512 : 0)));
}
