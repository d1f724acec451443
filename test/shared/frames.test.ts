import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerCrashedError } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';

/** A function that writes requests of its own to the connection of its worker, about what is shared. */
const functions = {
  'functions/write.js': `
    import fs from 'node:fs';
    const frame = (head, body = '') => {
      const bytes = Buffer.from(JSON.stringify(head));
      const prefix = Buffer.alloc(10);
      prefix.writeUInt32LE(6 + bytes.length + body.length, 0);
      prefix.writeUInt8(body === '' ? 0 : 1, 5);
      prefix.writeUInt32LE(bytes.length, 6);
      return Buffer.concat([prefix, bytes, Buffer.from(body)]);
    };
    export default ({ id, request, body }) => {
      fs.writeSync(6, frame({ type: 'shared', id, request }, body));
      return new Promise(() => {});
    };`,
  'functions/use.js': `
    export default async (name, { shared }) => {
      (await shared.lock(name).acquire()).release();
      await shared.map(name).increment('uses');
      return shared.queue(name).size();
    };`,
};

const name = 'door';

/** What is no request. */
const nonsense: Record<string, unknown> = {
  'no object': 'lock',
  nothing: null,
  'a list': [],
  'no op': { name },
  'an op that there is not': { op: 'nonsense', name },
  'an op of all objects': { op: 'toString', name },
  'an op that is a prototype': { op: '__proto__', name },
  'an op that is a number': { op: 1, name },
  'a lock without a name': { op: 'lock' },
  'a lock with an empty name': { op: 'lock', name: '' },
  'a lock whose name is a number': { op: 'lock', name: 1 },
  'a lock that is tried for in some way': { op: 'lock', name, tries: 'yes' },
  'an unlock that is abandoned in some way': { op: 'unlock', name, abandoned: 1 },
  'half a permit': { op: 'permit', name, permits: 0.5 },
  'a negative number of permits': { op: 'permit', name, permits: -1 },
  'a semaphore that is bounded in some way': { op: 'permit', name, bounded: 'no' },
  'a permit that comes back as a text': { op: 'return', name, of: '1' },
  'an event that is done something else to': { op: 'event', name, act: 'toggle' },
  'a condition without a lock': { op: 'condition', name },
  'a condition with a lock that is a list': { op: 'condition', name, lock: ['door'] },
  'a notification of a negative number': { op: 'notify', name, count: -1 },
  'a notification of no number': { op: 'notify', name, count: null },
  'a barrier for nobody': { op: 'barrier', name, parties: 0 },
  'a barrier for 1e300': { op: 'barrier', name, parties: 1e300 },
  'a barrier that is done something else to': { op: 'barrierState', name, parties: 2, act: 'climb' },
  'a queue of a negative size': { op: 'put', name, maxSize: -1 },
  'a get from a queue of a size that is a text': { op: 'get', name, maxSize: '5' },
  'a delivery that is lost': { op: 'settle', name, of: 1, act: 'lose' },
  'a delivery of no number': { op: 'settle', name, act: 'done' },
  'a queue that is done something else to': { op: 'queue', name, act: 'open' },
  'an entry without a key': { op: 'entry', name, act: 'get' },
  'an entry that is done something else to': { op: 'entry', name, key: 'a', act: 'peek' },
  'an entry of a version that is a text': { op: 'set', name, key: 'a', version: '1' },
  'an increment by a text': { op: 'increment', name, key: 'a', by: '1' },
  'a map that is done something else to': { op: 'map', name, act: 'forEach' },
  'a wait of no number that is given up': { op: 'giveUp', of: null },
  'what was not had and is abandoned': { op: 'abandon' },
};

test('requests for what is shared that make no sense end their worker, and nobody else notices', async (t) => {
  const { runtime } = await runProject(t, functions, {
    config: { pool: { min: 2, max: 2, timeout: Infinity } },
  });
  for (const [what, request] of Object.entries(nonsense)) {
    await t.test(what, async () => {
      await rejectionOf(runtime.invoke('write', { id: 1, request }), WorkerCrashedError);
      assert.equal(await within('the next one', runtime.invoke('use', name)), 0);
    });
  }
  assert.equal(await runtime.shared.map('door').get('uses'), Object.keys(nonsense).length);
  assert((await runtime.shared.lock('door').tryAcquire()) !== undefined);
});

/** Requests that can be made, of what the one who asks has not. They are answered, or end their worker. */
const lies: Record<string, unknown> = {
  'to unlock what another one has': { op: 'unlock', name: 'ours' },
  'to unlock it as abandoned': { op: 'unlock', name: 'ours', abandoned: true },
  'to keep what another one has': { op: 'keep', name: 'ours' },
  'to unlock what there is not': { op: 'unlock', name: 'nobody’s' },
  'to give back a permit that it has not': { op: 'return', name: 'desk', of: 1 },
  'to settle a delivery of another one': { op: 'settle', name: 'photos', of: 1, act: 'done' },
  'to put back a delivery of another one': { op: 'settle', name: 'photos', of: 2, act: 'putBack' },
  'to abandon what it has not': { op: 'abandon', of: 1 },
  'to give up what it does not wait for': { op: 'giveUp', of: 1 },
  'to set an entry to nothing': { op: 'set', name: 'map', key: 'a' },
};

test('what others have can not be given back by a worker that writes so', async (t) => {
  const { runtime } = await runProject(t, functions, {
    config: { pool: { min: 2, max: 2, timeout: Infinity, killGrace: 20 } },
  });
  const { shared } = runtime;
  const held = await shared.lock('ours').acquire();
  await shared.semaphore('desk').acquire();
  await shared.queue('photos').put('a');
  const delivery = await shared.queue('photos').take();
  for (const [what, request] of Object.entries(lies)) {
    await t.test(what, async () => {
      const invocation = runtime.invoke('write', { id: 1, request });
      invocation.catch(() => {});
      assert.equal(await within('another one', runtime.invoke('use', 'any')), 0);
      assert.equal((await shared.lock('ours').tryAcquire())?.name, undefined);
      assert.equal((await shared.semaphore('desk').tryAcquire())?.name, undefined);
      assert.equal(await shared.queue('photos').size(), 0);
      assert.equal(await shared.map('map').size(), 0);
      invocation.cancel();
      await within('its end', Promise.allSettled([invocation]));
    });
  }
  held.release();
  await delivery.putBack();
  assert.equal(await shared.queue('photos').size(), 1);
  assert.equal((await shared.lock('ours').tryAcquire())?.wasAbandoned, false);
});
