import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from './support-store.ts';

test('what was set is there at once, by key, until it is deleted', (t) => {
  const entries = openStore(t).of('a trigger');
  assert.equal(entries.get('a'), undefined);
  entries.set('a', { deep: [1, null, 'ü'] });
  assert.deepEqual(entries.get('a'), { deep: [1, null, 'ü'] });
  entries.set('a', 2);
  assert.equal(entries.get('a'), 2);
  entries.delete('a');
  entries.delete('never there');
  assert.equal(entries.get('a'), undefined);
});

test('what was read is a copy: changing it changes nothing in the store', async (t) => {
  const entries = openStore(t).of('a trigger');
  const value = { list: [1] };
  entries.set('a', value);
  value.list.push(2);
  (entries.get('a') as { list: number[] }).list.push(3);
  await entries.committed();
  assert.deepEqual(entries.get('a'), { list: [1] });
});

test('triggers do not see each other', async (t) => {
  const store = openStore(t);
  const [one, other] = [store.of('one'), store.of('other')];
  one.set('a', 1, { group: 'line' });
  await one.committed();
  other.set('a', 2, { group: 'line' });
  assert.deepEqual([one.get('a'), other.get('a')], [1, 2]);
  assert.deepEqual([one.counts(), [...other.keys()]], [{ line: 1 }, ['a']]);
  assert.equal(store.of('one').get('a'), 1);
});

test('a group is in order: by the order that was given, then by key', async (t) => {
  const entries = openStore(t).of('a trigger');
  entries.set('c', 0, { group: 'line', order: 2 });
  entries.set('b', 0, { group: 'line', order: 2 });
  await entries.committed();
  entries.set('d', 0, { group: 'line', order: -1.5 });
  entries.set('a', 0, { group: 'line', order: 3 });
  entries.set('e', 0, { group: 'other' });
  entries.set('f', 0);
  assert.equal(entries.first('line'), 'd');
  assert.deepEqual([...entries.keys('line')], ['d', 'b', 'c', 'a']);
  assert.deepEqual(entries.counts(), { line: 4, other: 1 });
  entries.set('d', 0, { group: 'other', order: -1 });
  assert.equal(entries.first('line'), 'b');
  entries.set('b', 0);
  entries.delete('c');
  assert.deepEqual([...entries.keys('line')], ['a']);
  assert.deepEqual([...entries.keys()], ['a', 'b', 'd', 'e', 'f']);
  assert.equal(entries.first('nothing'), undefined);
});

test('keys can be read on while entries change, through any number of them', async (t) => {
  const entries = openStore(t).of('a trigger');
  const keys = Array.from({ length: 2_000 }, (_, index) => `key ${String(index).padStart(4, '0')}`);
  for (const [order, key] of keys.entries()) entries.set(key, order, { group: 'line', order });
  await entries.committed();
  const seen: string[] = [];
  for (const key of entries.keys('line')) {
    seen.push(key);
    entries.set(key, 0, { group: 'done' });
    if (seen.length % 100 === 0) await entries.committed();
  }
  assert.deepEqual(seen, keys);
  assert.deepEqual(entries.counts(), { done: 2_000 });
  assert.deepEqual([...entries.keys()], keys);
});

test('what can not be kept is refused where it is set', (t) => {
  const entries = openStore(t).of('a trigger');
  assert.throws(() => entries.set('', 1), /key of at least one character/);
  assert.throws(() => entries.set('a', undefined), /a value that JSON can carry, got undefined/);
  assert.throws(() => entries.set('a', () => 1), /a value that JSON can carry, got function/);
  assert.throws(() => entries.set('a', 1n), TypeError);
  assert.throws(
    () => entries.set('a', 1, { order: Number.NaN }),
    /`order` option to be a finite number, got NaN/,
  );
  assert.equal(entries.get('a'), undefined);
});
