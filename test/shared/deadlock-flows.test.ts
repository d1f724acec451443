import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type DeadlockError, type Shared, TimeoutError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { type SharingTest, stepsOf, type Told, type Tools, testShared, work } from './support.ts';

/** Has "b", and asks for "a" when it is told to. */
async function askForA(shared: Shared, _none: undefined, { ctx }: Tools) {
  const b = await shared.lock('b').acquire();
  ctx.progress('has b');
  await shared.event('ask for a').wait();
  const asked = shared.lock('a').acquire();
  ctx.progress('asks');
  const told = await asked.then(
    (a) => a.release(),
    ({ code }: Told) => code,
  );
  b.release();
  return told ?? 'had both';
}

/** Waits for a lock that it has itself. */
async function haveTwice(shared: Shared) {
  const held = await shared.lock('twice').acquire();
  const told = await shared
    .lock('twice')
    .acquire()
    .then(String, ({ code }: Told) => code);
  held.release();
  return told;
}

/** One flow has "a" for as long as something takes, another one waits for "b" all the while. */
const flows = {
  'functions/flows.ts': `
    import crypto from 'node:crypto';
    import { execFile } from 'node:child_process';
    import { setTimeout as delay } from 'node:timers/promises';
    import { promisify } from 'node:util';

    const something: Record<string, (ctx: any) => Promise<unknown>> = {
      'a timer': () => delay(700),
      // Some hundreds of ms in Node's pool of threads.
      'a job of another thread': () => promisify(crypto.pbkdf2)('word', 'salt', 1_500_000, 64, 'sha512'),
      'a child process': () => promisify(execFile)(process.execPath, ['-e', 'setTimeout(() => {}, 300)']),
      'an event that somebody sets': ({ shared }) => shared.event('go').wait(),
      'an item of a queue': ({ shared }) => shared.queue('go').get(),
      'answers that come at once': async ({ shared }) => {
        for (const end = Date.now() + 700; Date.now() < end; ) await shared.map('counts').get('photos');
      },
      'a lock that somebody has who waits for nothing': async ({ shared }) => (await shared.lock('c').acquire()).release(),
      'another invocation': ({ invoke }) => invoke('waits'),
    };

    export default async ({ what }: { what: string }, ctx: any) => {
      const { shared } = ctx;
      const one = async () => {
        const a = await shared.lock('a').acquire();
        ctx.progress('has a');
        await something[what]!(ctx);
        a.release();
      };
      const other = async () => {
        await shared.event('ask for b').wait();
        const asked = shared.lock('b').acquire();
        ctx.progress('asks');
        (await asked).release();
      };
      const ends = await Promise.allSettled([one(), other()]);
      return ends.map((end) => (end.status === 'rejected' ? end.reason.code : 'done'));
    };`,
  'functions/waits.ts': `
    export default (_args: unknown, { shared }: any) => shared.event('go').wait();`,
};

for (const what of [
  'a timer',
  'a job of another thread',
  'a child process',
  'an event that somebody sets',
  'an item of a queue',
  'answers that come at once',
  'a lock that somebody has who waits for nothing',
  'another invocation',
]) {
  testShared(
    `a flow that waits for ${what} may give back what it has: no deadlock is told to the others`,
    4,
    async (test) => {
      const { shared, runtime } = test;
      const c = await shared.session('who waits for nothing').lock('c').acquire();
      const two = runtime.invoke<string[]>('flows', { what });
      const other = work(test, askForA);
      const [step, stepOfOther] = [stepsOf(two), stepsOf(other)];
      assert.equal(await step(), 'has a');
      assert.equal(await stepOfOther(), 'has b');
      await shared.event('ask for b').set();
      assert.equal(await step(), 'asks');
      await shared.event('ask for a').set();
      assert.equal(await stepOfOther(), 'asks');
      // While real ones are told it would have been as well.
      for (let time = 0; time < 5; time++)
        assert.equal(await within('one', work(test, haveTwice)), 'DEADLOCK');
      c.release();
      await shared.event('go').set();
      await shared.queue('go').put('went');
      assert.equal(await within('the other', other), 'had both');
      assert.deepEqual(await within('both flows', two), ['done', 'done']);
    },
    { files: flows },
  );
}

testShared('a deadlock is told when what else went on has ended without giving back', 2, async (test) => {
  const { shared } = test;
  const two = work(test, async (shared, _none, { ctx, delay }) => {
    await shared.lock('a').acquire();
    ctx.progress('has a');
    await shared.event('ask for b').wait();
    const idling = delay(400);
    const asked = shared.lock('b').acquire();
    ctx.progress('asks');
    await idling;
    return asked.then(String, ({ code }: Told) => code);
  });
  const other = work(test, askForA);
  const [step, stepOfOther] = [stepsOf(two), stepsOf(other)];
  await Promise.all([step(), stepOfOther()]);
  await shared.event('ask for b').set();
  await step();
  await shared.event('ask for a').set();
  assert.equal(await within('who closed the cycle', other), 'DEADLOCK');
  assert.notEqual(await within('the other', two), 'DEADLOCK');
});

testShared('a wait in a cycle that has a timeout ends by that, and no deadlock is told', 2, async (test) => {
  for (const how of ['closes the cycle', 'is in it'] as const) {
    await test.shared.event('ask for a').clear();
    const other = work(test, askForA);
    const stepOfOther = stepsOf(other);
    await stepOfOther();
    const session = test.shared.session();
    const a = await session.lock('a').acquire();
    const askForB = () => rejectionOf(session.lock('b').acquire({ timeout: '1s' }), TimeoutError);
    const before = how === 'is in it' ? askForB() : undefined;
    await test.shared.event('ask for a').set();
    await stepOfOther();
    await (before ?? askForB());
    a.release();
    assert.equal(await within('the other', other), 'had both', how);
    session.end();
  }
});

testShared('an invocation that waits for a lock that it has itself is told', 1, async (test) => {
  const twice = work(test, async (shared) => {
    const held = await shared.lock('a').acquire();
    try {
      await shared.lock('a').acquire();
      return undefined;
    } catch (error) {
      const { name, message, cycle } = error as DeadlockError;
      return { name, message, cycle };
    } finally {
      held.release();
    }
  });
  const told = await within('its end', twice);
  const label = `"work" (${twice.id})`;
  assert.deepEqual(told, {
    name: 'DeadlockError',
    message: `This wait would never end: ${label} waits for "a", which ${label} holds. Use \`reentrant: true\` where who has a lock has it again.`,
    cycle: [{ waits: label, lock: 'a', holder: label }],
  });
  (await within('the lock', test.shared.lock('a').acquire())).release();
});

/** Has a lock for a while, and waits for it meanwhile. */
async function waitForOwn(shared: Shared, _none: undefined, { delay }: Pick<Tools, 'delay'>) {
  const one = async () => {
    const held = await shared.lock('a').acquire();
    await delay(200);
    held.release();
  };
  const other = async () => (await shared.lock('a').acquire()).release();
  await Promise.all([one(), other()]);
  return 'both';
}

testShared('one flow of an invocation or a session may wait for what another one has', 1, async (test) => {
  // A worker that nothing went on in once is asked again.
  assert.equal(await within('one flow', work(test, haveTwice)), 'DEADLOCK');
  assert.equal(await within('both flows', work(test, waitForOwn)), 'both');
  const session = test.shared.session('a part');
  const own = waitForOwn(session, undefined, { delay: async (ms) => void (await delay(ms)) });
  assert.equal(await within('both of the session', own), 'both');
});

/** What those who tell how far they are need of their context. */
interface Telling {
  readonly ctx: { progress(value: unknown): void };
}

/** Has a lock of its own, and waits for a condition of the album. */
async function waitForAlbum(shared: Shared, _none: undefined, { ctx }: Telling) {
  const own = await shared.lock('own').acquire();
  const album = await shared.condition('album').acquire();
  const notified = album.wait();
  ctx.progress('waits');
  await notified;
  album.release();
  own.release();
  return 'went on';
}

/** Has the album, and asks for the lock of the other. */
async function askForOwn(shared: Shared, _none: undefined, { ctx }: Telling) {
  const album = await shared.lock('condition album').acquire();
  const asked = shared.lock('own').acquire();
  ctx.progress('asks');
  try {
    (await asked).release();
    return 'had both';
  } catch (error) {
    const { code, cycle } = error as DeadlockError;
    return { code, cycle };
  } finally {
    album.release();
  }
}

async function expectTold(
  { shared }: SharingTest,
  labels: readonly string[],
  ends: readonly Promise<unknown>[],
) {
  const [waits = '', asks = ''] = labels;
  await shared.condition('album').notify();
  const told = await within('who asked', ends[1] as Promise<unknown>);
  const cycle = [
    { waits: asks, lock: 'own', holder: waits },
    { waits, lock: 'condition album', holder: asks },
  ];
  assert.deepEqual(told, { code: 'DEADLOCK', cycle });
  assert.equal(await within('who waited', ends[0] as Promise<unknown>), 'went on');
}

testShared(
  'a deadlock that is closed by a condition, whose lock is to be had again, is told to the one who can do without',
  2,
  async (test) => {
    const waiting = work(test, waitForAlbum);
    await stepsOf(waiting)();
    const asking = work(test, askForOwn);
    await stepsOf(asking)();
    await expectTold(test, [`"work" (${waiting.id})`, `"work" (${asking.id})`], [waiting, asking]);
    const [one, other] = [test.shared.session('one'), test.shared.session('other')];
    const ends: Promise<unknown>[] = [];
    for (const [job, session] of [[waitForAlbum, one] as const, [askForOwn, other] as const]) {
      const began = new Promise<void>((progress) =>
        ends.push(job(session, undefined, { ctx: { progress } })),
      );
      await within('its begin', began);
    }
    await expectTold(test, ['one', 'other'], ends);
    one.end();
    other.end();
  },
);
