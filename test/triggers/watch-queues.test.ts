import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Fifo } from '../../runtime/channel/fifo.ts';
import { CoalescingQueue } from '../../runtime/triggers/watch/coalescing-queue.ts';
import { FileStates } from '../../runtime/triggers/watch/file-state.ts';
import { Receipts } from '../../runtime/triggers/watch/receipts.ts';
import { openStore } from '../store/support-store.ts';
import { within } from '../support/wait.ts';

test('first in, first out, through any mixture of both', () => {
  const fifo = new Fifo<number>();
  let pushed = 0;
  let taken = 0;
  for (let round = 0; round < 1_000; round += 1) {
    for (let count = 0; count < (round * 7) % 11; count += 1) fifo.push(pushed++);
    for (let count = 0; count < (round * 5) % 9 && fifo.size > 0; count += 1) {
      assert.equal(fifo.peek(), taken);
      assert.equal(fifo.shift(), taken++);
    }
  }
  while (fifo.size > 0) assert.equal(fifo.shift(), taken++);
  assert.equal(taken, pushed);
  assert.equal(fifo.shift(), undefined);
  assert.equal(fifo.peek(), undefined);
});

/** Work that the test ends by hand. */
function handwork() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const work = (key: string) => {
    begun.push(key);
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  return { begun, work, endNext: () => ends.shift()?.() };
}

test('a key that is added many times is worked on once, and once more if it was added meanwhile', async () => {
  const { begun, work, endNext } = handwork();
  const queue = new CoalescingQueue(4, work);
  for (let count = 0; count < 5; count += 1) queue.add('a');
  await turn();
  assert.deepEqual(begun, ['a']);
  for (let count = 0; count < 5; count += 1) queue.add('a');
  endNext();
  await turn();
  await turn();
  assert.deepEqual(begun, ['a', 'a']);
  endNext();
  await within('the queue is idle', queue.idle());
  assert.equal(queue.size, 0);
});

test('urgent keys come first, at most `limit` run at once, and closing drops the rest', async () => {
  const { begun, work, endNext } = handwork();
  const queue = new CoalescingQueue(2, work);
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  queue.add('urgent', 'urgent');
  queue.add('d', 'urgent');
  await turn();
  assert.deepEqual(begun, ['urgent', 'd']);
  endNext();
  await turn();
  assert.deepEqual(begun, ['urgent', 'd', 'a']);
  const idle = queue.idle();
  queue.close();
  await within('closing counts as idle', idle);
  endNext();
  endNext();
  queue.add('e');
  await turn();
  assert.deepEqual(begun, ['urgent', 'd', 'a']);
});

const version = { key: 'k', size: 1, mtimeMs: 0, seenAt: 0 };
const candidate = { version, verdict: 'whole', failures: 0, reruns: 0 } as const;

test('the line is first in, first out; those that are returned come first; those that left it are passed over', (t) => {
  const receipts = new Receipts(openStore(t).of('a trigger'));
  for (const path of ['a', 'b', 'c', 'd']) receipts.set(path, { name: 'queued', candidate });
  const first = receipts.get('a');
  assert(first?.name === 'queued');
  receipts.set('a', { name: 'running', candidate: first.candidate });
  receipts.delete('b');
  assert.equal(receipts.firstQueued(), 'c');
  receipts.set('a', { name: 'queued', candidate: first.candidate, returned: true });
  assert.equal(receipts.firstQueued(), 'a');
  receipts.set('a', { name: 'done', key: 'k' });
  assert.equal(receipts.firstQueued(), 'c');
  receipts.delete('c');
  receipts.delete('d');
  assert.equal(receipts.firstQueued(), undefined);
});

test('a state that does not follow from the last one is an error', (t) => {
  const files = new FileStates(new Receipts(openStore(t).of('a trigger')));
  assert.throws(() => files.move('a', { name: 'running', candidate }), /from unknown to running: a/);
  files.move('a', { name: 'done', key: 'k' });
  assert.throws(() => files.move('a', { name: 'queued', candidate }), /from done to queued/);
});
