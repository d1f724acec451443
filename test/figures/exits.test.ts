import assert from 'node:assert/strict';
import type { ExitReason, PoolStats, Runtime } from 'warm-pool';
import { type Isolation, isolations, tellAndSpin, testEach } from '../conformance/support.ts';
import type { Running } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

const files = {
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms);`,
  'functions/spin.js': tellAndSpin,
  'functions/die.js': 'export default () => process.exit(1);',
  'functions/fill.js': `
    const photos = [];
    export default () => { for (;;) photos.push(Buffer.alloc(2 ** 20, 1)); };
    export const config = { memory: '200mb' };`,
  // One worker that starts when there is a file `broken` never gets ready.
  'functions/once.js': `
    import fs from 'node:fs';
    const broken = new URL('../broken', import.meta.url);
    if (fs.existsSync(broken)) {
      fs.rmSync(broken);
      process.exit(3);
    }
    export default () => {};`,
};

interface End {
  readonly reason: ExitReason;
  readonly what: string;
  readonly end: (running: Running) => unknown;
  /** Both, unless it says so. */
  readonly where?: readonly Isolation[];
}

/** What ends one worker, and how. */
const ends: End[] = [
  {
    reason: 'crashed',
    what: 'it exits',
    end: ({ runtime }) => runtime.invoke('die').catch(() => {}),
  },
  {
    reason: 'crashed',
    what: 'it is killed',
    end: ({ runtime }) => process.kill(runtime.stats().workers[0]?.pid as number, 'SIGKILL'),
    where: ['process'],
  },
  {
    reason: 'timedOut',
    what: 'its function goes on after its timeout',
    end: ({ runtime }) => runtime.invoke('spin', 1, { timeout: 50 }).catch(() => {}),
  },
  {
    reason: 'cancelled',
    what: 'its function goes on after a cancel',
    async end({ runtime }) {
      const invocation = runtime.invoke('spin');
      // Cancelled on the way it would not begin.
      await within('it to be at work', invocation.progress[Symbol.asyncIterator]().next());
      invocation.cancel();
      await invocation.catch(() => {});
    },
  },
  {
    reason: 'notStarted',
    what: 'it ends before it has loaded its functions',
    async end({ runtime, project }) {
      project.write('broken', '');
      await runtime.invoke('die').catch(() => {});
    },
  },
  {
    reason: 'overMemory',
    what: 'its function fills the memory',
    end: ({ runtime }) => runtime.invoke('fill').catch(() => {}),
    // A thread is not ended for that.
    where: ['process'],
  },
  {
    reason: 'recycled',
    what: 'it has run maxInvocations',
    async end({ runtime }) {
      for (let run = 0; run < 50; run++) await runtime.invoke('wait', 1);
    },
  },
  {
    reason: 'idle',
    what: 'it has nothing to do',
    end: ({ runtime }) => Promise.all([1, 2].map(() => runtime.invoke('wait', 50))),
  },
  {
    reason: 'reloaded',
    what: 'there is a new function',
    end: ({ project }) => project.write('functions/more.js', 'export default () => {};'),
  },
  { reason: 'closed', what: 'the runtime is closed', end: ({ runtime }) => runtime.close() },
];

for (const { reason, what, end, where = isolations } of ends) {
  testEach(
    `a worker that has ended is counted with its reason: ${reason}, as ${what}`,
    async (_t, open, isolation) => {
      const pool = { isolation, min: 1, max: 2, idleTimeout: 100, killGrace: 50, maxInvocations: 40 };
      const options = { hotReload: reason === 'reloaded', config: { pool } };
      const running = await open({}, files, options);
      const { runtime } = running;
      await end(running);
      await until('the end of a worker', () => poolOf(runtime).exits[reason] > 0);
      const { exits, starts, workers } = poolOf(runtime);
      const ended = Object.values(exits).reduce((sum, count) => sum + count, 0);
      assert.equal(exits[reason], 1, JSON.stringify(exits));
      assert.equal(starts, ended + workers);
    },
    where,
  );
}

function poolOf(runtime: Runtime): PoolStats {
  return runtime.stats().pools.default ?? assert.fail('there is no default pool');
}
