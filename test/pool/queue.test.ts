import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeValue } from '../../runtime/channel/codec.ts';
import { newInvocationId } from '../../runtime/channel/invocation-id.ts';
import { type Priority, priorities } from '../../runtime/invocation/invocation.ts';
import { nestedRecord } from '../../runtime/invocation/nesting.ts';
import { InvocationRecord } from '../../runtime/invocation/record.ts';
import { InvocationQueue } from '../../runtime/pool/queue.ts';

const args = encodeValue(undefined);

function recordOf(functionName: string, priority: Priority = 'normal'): InvocationRecord {
  const record = new InvocationRecord(newInvocationId(), functionName);
  record.prepare({ args, priority, cwd: '', timeoutMs: undefined, retry: undefined });
  return record;
}

function nestedIn(parent: InvocationRecord, functionName: string, priority?: Priority): InvocationRecord {
  const record = nestedRecord(parent, functionName, Number.POSITIVE_INFINITY);
  record.prepare({ args, priority: priority ?? 'normal', cwd: '', timeoutMs: undefined, retry: undefined });
  return record;
}

const noLimits = new Map<string, number>();

test('functions take turns, and what is put back is the next of its function', () => {
  const queue = new InvocationQueue();
  const [a1, a2, a3, b1, b2, c1] = ['a', 'a', 'a', 'b', 'b', 'c'].map((name) => recordOf(name));
  for (const record of [a1, a2, a3, b1, b2, c1]) queue.push(record as InvocationRecord);
  assert.equal(queue.take(), a1);
  assert.equal(queue.take(), b1);
  queue.putBack(b1 as InvocationRecord);
  const order = Array.from({ length: 5 }, () => queue.take());
  assert.deepEqual(order, [c1, a2, b1, a3, b2]);
  assert.equal(queue.take(), undefined);
});

test('a function at its limit is passed by others, of any priority, until one of it is released', () => {
  const queue = new InvocationQueue();
  queue.limit(new Map([['a', 1]]), []);
  const [a1, a2, b1] = [recordOf('a', 'high'), recordOf('a', 'high'), recordOf('b', 'low')];
  for (const record of [a1, a2, b1]) queue.push(record);
  assert.equal(queue.demand, 2);
  assert.deepEqual([queue.take(), queue.take(), queue.take()], [a1, b1, undefined]);
  assert.deepEqual([queue.size, queue.demand, queue.hasRoomFor('a')], [1, 0, false]);
  queue.release('a');
  assert.equal(queue.demand, 1);
  assert.equal(queue.take(), a2);
});

test('a limit that comes with new code counts what is in hand, and one that goes frees what waits', () => {
  const queue = new InvocationQueue();
  const [a1, a2, a3] = [recordOf('a'), recordOf('a'), recordOf('a')];
  for (const record of [a1, a2, a3]) queue.push(record);
  assert.equal(queue.take(), a1);
  queue.limit(new Map([['a', 1]]), [a1]);
  assert.equal(queue.nextFrom(), undefined);
  queue.limit(new Map([['a', 2]]), [a1]);
  assert.equal(queue.take(), a2);
  assert.equal(queue.nextFrom(), undefined);
  queue.limit(noLimits, [a1, a2]);
  assert.equal(queue.take(), a3);
});

test('what functions have invoked goes before what is new of its priority, the deepest first', () => {
  const queue = new InvocationQueue();
  const [plain, high] = [recordOf('a'), recordOf('a', 'high')];
  const [child, second] = [nestedIn(plain, 'a'), nestedIn(plain, 'b')];
  const [grandchild, low] = [nestedIn(child, 'a'), nestedIn(child, 'b', 'low')];
  for (const record of [plain, low, child, high, second, grandchild]) queue.push(record);
  assert.deepEqual(
    [queue.deepest, queue.demandFrom(0), queue.demandFrom(1), queue.demandFrom(2)],
    [2, 6, 4, 2],
  );
  // When no more workers may be occupied by those that are not so deep.
  assert.equal(queue.nextFrom(2), grandchild);
  assert.equal(queue.nextFrom(3), undefined);
  const order = Array.from({ length: 6 }, () => queue.take());
  assert.deepEqual(order, [high, grandchild, child, second, plain, low]);
  assert.deepEqual([queue.deepest, queue.size], [0, 0]);
});

test('what waits for others counts against no limit until it goes on', () => {
  const queue = new InvocationQueue();
  queue.limit(new Map([['a', 1]]), []);
  const parent = recordOf('a');
  const [child, other] = [nestedIn(parent, 'a'), recordOf('a')];
  queue.push(parent);
  assert.equal(queue.take(), parent);
  queue.release('a');
  for (const record of [other, child]) queue.push(record);
  assert.equal(queue.take(), child);
  queue.reclaim('a');
  queue.release('a');
  assert.equal(queue.take(), undefined, 'the parent goes on');
  queue.release('a');
  assert.equal(queue.take(), other);
});

/** Does the same in the plainest way: a list for each function and priority, and the turns in a list. */
class PlainQueue {
  readonly lists = new Map<string, InvocationRecord[]>();
  /** In the order in which they came up first: where several get a turn at once, it is in this order. */
  readonly names = new Set<string>();
  readonly turns: Record<Priority, string[]> = { high: [], normal: [], low: [] };
  readonly limits = new Map<string, number>();
  readonly inHand = new Map<string, number>();

  listOf({ functionName, request }: InvocationRecord): InvocationRecord[] {
    this.names.add(functionName);
    const key = `${functionName} ${request?.priority}`;
    const list = this.lists.get(key) ?? [];
    this.lists.set(key, list);
    return list;
  }

  isFull(name: string): boolean {
    return (this.inHand.get(name) ?? 0) >= (this.limits.get(name) ?? Number.POSITIVE_INFINITY);
  }

  /** Lanes that may have a turn and have none get one, at the front or the end; those that may not lose theirs. */
  settle(atFront?: InvocationRecord): void {
    for (const priority of priorities) {
      const turns = this.turns[priority];
      const may = (name: string) =>
        (this.lists.get(`${name} ${priority}`)?.length ?? 0) > 0 && !this.isFull(name);
      this.turns[priority] = turns.filter(may);
      for (const name of this.names) {
        if (!may(name) || this.turns[priority].includes(name)) continue;
        if (atFront?.functionName === name && atFront.request?.priority === priority)
          this.turns[priority].unshift(name);
        else this.turns[priority].push(name);
      }
    }
  }

  take(): InvocationRecord | undefined {
    for (const priority of priorities) {
      const name = this.turns[priority].shift();
      if (name === undefined) continue;
      const record = this.lists.get(`${name} ${priority}`)?.shift();
      this.inHand.set(name, (this.inHand.get(name) ?? 0) + 1);
      this.settle();
      return record;
    }
    return undefined;
  }

  get size(): number {
    return [...this.lists.values()].reduce((sum, { length }) => sum + length, 0);
  }

  get demand(): number {
    return ['a', 'b', 'c', 'd'].reduce((sum, name) => {
      const queued = priorities.reduce(
        (count, priority) => count + (this.lists.get(`${name} ${priority}`)?.length ?? 0),
        0,
      );
      const room = (this.limits.get(name) ?? Number.POSITIVE_INFINITY) - (this.inHand.get(name) ?? 0);
      return sum + Math.min(queued, Math.max(0, room));
    }, 0);
  }
}

/** A sequence of numbers that looks random and is the same in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

test('whatever is done with it, it holds the same in the same order as lists do', () => {
  const random = randomFrom(7);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  for (let round = 0; round < 100; round++) {
    const queue = new InvocationQueue();
    const plain = new PlainQueue();
    const waiting: InvocationRecord[] = [];
    const inHand: InvocationRecord[] = [];
    const grab = (list: InvocationRecord[]) => list.splice(Math.floor(random() * list.length), 1)[0];
    for (let step = 0; step < 300; step++) {
      const what = random();
      if (what < 0.4) {
        const record = recordOf(pick(['a', 'b', 'c', 'd']), pick(priorities));
        queue.push(record);
        plain.listOf(record).push(record);
        plain.settle();
        waiting.push(record);
      } else if (what < 0.65) {
        const record = queue.take();
        assert(record === plain.take(), `step ${step} of round ${round}`);
        if (record) inHand.push(...waiting.splice(waiting.indexOf(record), 1));
      } else if (what < 0.8) {
        const record = grab(inHand);
        if (!record) continue;
        queue.release(record.functionName);
        plain.inHand.set(record.functionName, (plain.inHand.get(record.functionName) ?? 0) - 1);
        plain.settle();
      } else if (what < 0.9) {
        const record = grab(inHand);
        if (!record) continue;
        queue.putBack(record);
        plain.listOf(record).unshift(record);
        plain.inHand.set(record.functionName, (plain.inHand.get(record.functionName) ?? 0) - 1);
        plain.settle(record);
        waiting.push(record);
      } else if (what < 0.98) {
        const record = grab(waiting);
        if (!record) continue;
        assert.equal(queue.remove(record), true);
        assert.equal(queue.remove(record), false);
        const list = plain.listOf(record);
        list.splice(list.indexOf(record), 1);
        plain.settle();
      } else {
        plain.limits.clear();
        for (const name of ['a', 'b']) {
          if (random() < 0.3) continue;
          plain.limits.set(name, pick([1, 2, 3]));
          plain.names.add(name);
        }
        queue.limit(plain.limits, inHand);
        plain.settle();
      }
      assert(queue.nextFrom() === nextOf(plain), `step ${step} of round ${round}`);
      assert.deepEqual([queue.size, queue.demand], [plain.size, plain.demand]);
    }
  }
});

function nextOf(plain: PlainQueue): InvocationRecord | undefined {
  for (const priority of priorities) {
    const [name] = plain.turns[priority];
    if (name !== undefined) return plain.lists.get(`${name} ${priority}`)?.[0];
  }
  return undefined;
}

test('a million wait, come and go from the middle, and are parked, each in the same short time', () => {
  const queue = new InvocationQueue();
  queue.limit(new Map([['f0', 1]]), []);
  // With a walk through the queue in any of these it would take hours.
  const records = Array.from({ length: 1_000_000 }, (_, index) => recordOf(`f${index % 10}`));
  for (const record of records) queue.push(record);
  assert.deepEqual([queue.size, queue.demand], [1_000_000, 900_001]);
  for (let index = 500_000; index < 800_000; index++) queue.remove(records[index] as InvocationRecord);
  for (let step = 0; step < 100_000; step++) {
    const record = queue.take() as InvocationRecord;
    if (step % 2 === 0) queue.putBack(record);
    else queue.release(record.functionName);
  }
  assert.equal(queue.size, 650_000);
  let left = 0;
  for (let record = queue.take(); record; record = queue.take()) {
    queue.release(record.functionName);
    left++;
  }
  assert.deepEqual([left, queue.size, queue.demand], [650_000, 0, 0]);
});
