import { expectedText } from '../options/expected.ts';

/** What gives the parts of a result, one after another. */
export interface PartIterator {
  next(): unknown;
  return?: () => unknown;
}

/**
 * The iterator behind what a handler has returned: a generator or any other iterator, sync or async, or the iterator of an
 * async iterable, such as a stream of Node. Undefined for everything else: an array, a Map and their kind are values.
 * @throws TypeError when an async iterable has no iterator
 */
export function partsOf(result: unknown): PartIterator | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { [Symbol.asyncIterator]: open } = result as Partial<AsyncIterable<unknown>>;
  if (typeof open !== 'function') return isIterator(result) ? result : undefined;
  const iterator: unknown = open.call(result);
  if (isIterator(iterator)) return iterator;
  throw new TypeError(expectedText('the iterator of what the function returned to have a `next`', iterator));
}

/** A value as the only part that there is. */
export function onlyPart(value: unknown): PartIterator {
  return [value].values();
}

function isIterator(value: unknown): value is PartIterator {
  return typeof (value as { next?: unknown } | null | undefined)?.next === 'function';
}
