import type { TestContext } from 'node:test';

/** Counts something, by the turns of the event loop that it happens in: `sum` in all of them, `most` in one. */
export function countTurns(t: TestContext) {
  const counted = { sum: 0, most: 0 };
  let inThisTurn = 0;
  let next = setImmediate(function turn() {
    inThisTurn = 0;
    next = setImmediate(turn);
  });
  t.after(() => clearImmediate(next));
  return Object.assign(counted, {
    count() {
      inThisTurn += 1;
      counted.sum += 1;
      counted.most = Math.max(counted.most, inThisTurn);
    },
  });
}
