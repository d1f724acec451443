import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collected, isolations, poolText } from '../conformance/support.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';

const functions = {
  'functions/share.js': `
    export default async (times, { shared }) => {
      for (let time = 0; time < times; time++) (await shared.lock('door').acquire({ timeout: '1h' })).release();
      await shared.queue('items').put(1);
      await shared.queue('items').get({ timeout: '1h' });
      (await shared.semaphore('desk', { permits: 2 }).acquire({ timeout: '1h' })).release();
      await shared.map('counts').increment('a');
      await shared.event('done').set();
      return times;
    };`,
};

for (const isolation of isolations) {
  test(`a program that has shared things and awaits nothing ends by itself (${isolation})`, async (t) => {
    const project = makeProject(t, functions);
    const printed = await runProgram(
      project,
      `
      import { createRuntime } from 'warm-pool';
      const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { min: 2, max: 2 })} } });
      const { shared } = runtime;
      const times = (await Promise.all([1000, 1000].map((times) => runtime.invoke('share', times)))).length;
      await shared.event('done').wait({ timeout: '1h' });
      const held = await shared.lock('door').acquire({ timeout: '1h' });
      const late = await shared.lock('door').acquire({ timeout: 10 }).catch(({ code }) => code);
      const condition = await shared.condition('album').acquire();
      const unnotified = await condition.wait({ timeout: 10 }).catch(({ code }) => code);
      // These wait without an end, and nobody awaits them.
      shared.lock('door').acquire().then(() => {});
      shared.session('a part').queue('none').get().then(() => {});
      shared.barrier('line', { parties: 2 }).wait().then(() => {});
      console.log(JSON.stringify({ times, late, unnotified }));`,
    );
    assert.deepEqual(printed, { times: 2, late: 'TIMEOUT', unnotified: 'TIMEOUT' });
  });
}

test('a million locks, one after another, take no memory', async (t) => {
  const project = makeProject(t, functions);
  const grown = await runProgram(
    project,
    `${collected}
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: { min: 0, max: 1 } } });
    const use = async (name) => (await runtime.shared.lock(name).acquire()).release();
    for (let time = 0; time < 1000; time++) await use('first ' + time);
    const before = memory();
    for (let time = 0; time < 1_000_000; time++) await use('lock ' + time);
    const grown = memory() - before;
    await runtime.close();
    console.log(JSON.stringify(Math.round(grown / 2 ** 20)));`,
  );
  assert((grown as number) <= 4, `${grown} MB`);
});

test('what is idle is forgotten, of each kind', async (t) => {
  const project = makeProject(t, functions);
  const grown = await runProgram(
    project,
    `${collected}
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: { min: 0, max: 1 } } });
    const { shared } = runtime;
    const hold = async (of) => (await of.acquire()).release();
    const kinds = {
      'lock that was tried for': async (name) => (await shared.lock(name).tryAcquire()).release(),
      semaphore: (name) => hold(shared.semaphore(name)),
      condition: async (name) => {
        const held = await shared.condition(name).acquire();
        const waiting = held.wait();
        await shared.condition(name).notify();
        await waiting;
        held.release();
      },
      event: async (name) => {
        await shared.event(name).set();
        await shared.event(name).clear();
      },
      barrier: (name) => shared.barrier(name, { parties: 1 }).wait(),
      queue: async (name) => {
        await shared.queue(name).put(1);
        await shared.queue(name).get();
      },
      map: async (name) => {
        await shared.map(name).set(name, 1);
        await shared.map(name).delete(name);
      },
      'wait that was given up': async (name) => {
        const controller = new AbortController();
        const { signal } = controller;
        const waits = [shared.event(name).wait({ signal }), shared.queue(name).get({ signal })];
        controller.abort();
        await Promise.allSettled(waits);
      },
      session: async (name) => {
        const session = shared.session(name);
        await session.lock(name).acquire();
        session.end();
        (await shared.lock(name).acquire()).release();
      },
    };
    const grown = {};
    for (const [kind, use] of Object.entries(kinds)) {
      for (let time = 0; time < 1000; time++) await use('first ' + time);
      const before = memory();
      for (let time = 0; time < 20_000; time++) await use(kind + time);
      grown[kind] = Math.round((memory() - before) / 2 ** 20);
    }
    await runtime.close();
    console.log(JSON.stringify(grown));`,
  );
  for (const [kind, megabytes] of Object.entries(grown as Record<string, number>)) {
    assert(megabytes <= 1, `${kind}: ${megabytes} MB`);
  }
});

test('a worker forgets the locks of fifty thousand names as well', async (t) => {
  const project = makeProject(t, {
    ...functions,
    'functions/names.js': `${collected}
      export default async (times, { shared }) => {
        for (let time = 0; time < 2000; time++) (await shared.lock('first ' + (time % 100)).acquire()).release();
        const before = memory();
        for (let time = 0; time < times; time++) (await shared.lock('name ' + time).acquire()).release();
        return Math.round((memory() - before) / 2 ** 20);
      };`,
  });
  const grown = await runProgram(
    project,
    `${collected}
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: { min: 1, max: 1, timeout: Infinity } } });
    await runtime.invoke('share', 1000);
    const before = memory();
    const inWorker = await runtime.invoke('names', 50_000);
    const here = Math.round((memory() - before) / 2 ** 20);
    await runtime.close();
    console.log(JSON.stringify({ inWorker, here }));`,
  );
  const { inWorker, here } = grown as { inWorker: number; here: number };
  // Some of the names keep their words, for as long as there are any.
  t.diagnostic(JSON.stringify(grown));
  assert(inWorker <= 7 && here <= 7, JSON.stringify(grown));
});
