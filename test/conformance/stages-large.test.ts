import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { TestContext } from 'node:test';
import { WorkerCrashedError } from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { deadlineMs, within } from '../support/wait.ts';
import { testEach, whoIs } from './support.ts';

const photoBytes = 50 * 2 ** 20;

const large = {
  'functions/size.js': 'export default (photo) => photo.length;',
  // When it has read so much of what comes next.
  'functions/die-at.js': `
    import fs from 'node:fs';
    import { Socket } from 'node:net';
    export default (bytes) => {
      for (const socket of process._getActiveHandles().filter((each) => each instanceof Socket)) {
        const before = socket.bytesRead;
        socket.prependListener('data', () => {
          const read = socket.bytesRead - before;
          if (read < bytes) return;
          fs.writeFileSync(new URL('../read', import.meta.url), String(read));
          process.kill(process.pid, 'SIGKILL');
          for (;;);
        });
      }
    };`,
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

/** What is sent lies in memory that both sides share, where there is some, or passes a socket. */
const ways: [how: string, photo: () => string | Buffer, environment: NodeJS.ProcessEnv][] = [
  ['50 MB', () => Buffer.alloc(photoBytes, 'x'), {}],
  ['50 MB, without shared memory,', () => Buffer.alloc(photoBytes, 'x'), { WARM_POOL_NO_SHARED_MEMORY: '1' }],
  ['50 MB of text', () => 'x'.repeat(photoBytes), {}],
];

/** Sets them until the end of the test. */
function setEnvironment(t: TestContext, environment: NodeJS.ProcessEnv): void {
  Object.assign(process.env, environment);
  t.after(() => {
    for (const name of Object.keys(environment)) delete process.env[name];
  });
}

for (const [how, photoOf, environment] of ways) {
  testEach(
    `a worker that dies while ${how} are sent to it: the invocation runs elsewhere or is told`,
    async (t, open) => {
      setEnvironment(t, environment);
      const { runtime } = await open({ max: 1 }, large);
      const photo = photoOf();
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
}

/** What can be held up at that point, so that it takes no luck to hit it: the bytes on their way lie in a socket. */
const onlyProcesses = ['process'] as const;

for (const [how, photoOf, environment] of ways.slice(1)) {
  testEach(
    `a worker that dies when it has read a part of ${how} had not begun: the invocation runs elsewhere`,
    async (t, open) => {
      setEnvironment(t, environment);
      const { project, runtime } = await open({ max: 1 }, large);
      const photo = photoOf();
      for (const part of [0.01, 0.5, 0.99]) {
        await within('the one before', runtime.invoke('die-at', part * photoBytes));
        assert.equal(await within('its end', runtime.invoke<number>('size', photo)), photoBytes);
        const read = Number(fs.readFileSync(project.path('read'), 'utf8'));
        t.diagnostic(`it died when it had read ${read} bytes`);
        assert(read >= part * photoBytes && read < photoBytes, `it died when it had read ${read} bytes`);
        project.remove('read');
      }
      assert.equal(infoOf(runtime, 'size').stats.crashed, 0);
    },
    onlyProcesses,
  );
}

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

testEach(
  'a worker that is killed when it reads nothing of 50 MB had not begun: the invocation runs elsewhere',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, large);
    const photo = Buffer.alloc(photoBytes, 'x');
    for (let round = 0; round < 3; round++) {
      const pid = Number.parseInt(await whoIs(runtime), 10);
      // It reads nothing more.
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
            const photo = Buffer.alloc(size, 'x');
            fs.writeFileSync(file, '');
            return photo;
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
      while (!fs.existsSync(file)) assert(performance.now() < end, 'it does not run');
      // By then it has sent what a socket holds, and waits with the rest.
      const sent = performance.now() + 100;
      while (performance.now() < sent);
      process.kill(pid, 'SIGKILL');
      await rejectionOf(invocation, WorkerCrashedError);
      assert.notEqual(Number.parseInt(await whoIs(runtime), 10), pid);
    }
  },
  onlyProcesses,
);
