import assert from 'node:assert/strict';
import type { Order } from './mapping-pool.ts';

/** Asserts that a function which returns its argument was run once for each item, and that the results came in this order. */
export function assertMapped(results: readonly unknown[], items: readonly number[], order: Order): void {
  assert.equal(results.length, items.length, `Expected ${items.length} results, got ${results.length}`);
  const found = order === 'ordered' ? results : inOrderOf(items, results);
  const wrong = items.findIndex((item, index) => found[index] !== item);
  assert.equal(wrong, -1, `Expected the result of item ${wrong} to be ${items[wrong]}, got ${found[wrong]}`);
}

function inOrderOf(items: readonly number[], results: readonly unknown[]): unknown[] {
  const left = new Set(results);
  return items.map((item) => (left.delete(item) ? item : 'nothing'));
}
