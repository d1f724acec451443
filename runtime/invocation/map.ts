import { expectedText } from '../options/expected.ts';
import { checkOptionNames } from '../options/option-names.ts';
import type { InvokeOptions } from './invocation.ts';
import type { MapContext } from './map-sender.ts';
import { Mapping } from './mapping.ts';
import { ofEach, readRequest } from './options.ts';

/** How to run a function for each item of a source; `timeout`, `priority`, `cwd` and `retry` are for each invocation. */
export interface MapOptions<Item = unknown> extends Omit<InvokeOptions, 'transfer'> {
  /**
   * The most invocations at once, those included that wait for a worker. Default: twice what the workers of its pool
   * can have in their hands, which of a function that has shown to be short is several each.
   */
  concurrency?: number | undefined;
  /** Whether results come in the order of the items; else as they are ready. Default: true. */
  ordered?: boolean | undefined;
  /**
   * Called for each item that fails, when its result would come; the item is missing from the results. The iteration goes
   * on once what it returns has resolved, and ends with what it throws. Without it the first error ends the iteration.
   *
   * A runtime that is closed and a function that isn't there, or can't be loaded, end it in any case.
   */
  onError?: ((error: Error, item: Item, index: number) => unknown) | undefined;
  /** Ends the iteration when it aborts, with a `CancelledError`. */
  signal?: AbortSignal | undefined;
}

/** What `runtime.map` returns: an async iterator over the results, and one more way to have them. */
export interface MapResults<Result> extends AsyncGenerator<Result, void, undefined> {
  /**
   * All results that have not been handed out, in a list, in less time than a loop takes. As the method of Node's readable
   * streams, and of iterator helpers. It rejects where the loop would throw.
   *
   * ```ts
   * const sizes = await runtime.map<number>('size', files).toArray();
   * ```
   */
  toArray(): Promise<Result[]>;
}

// Errors go to a callback, rather than among the results as those of `Promise.allSettled` do: results stay what the
// function returns, and throwing in it is how to end after some errors and not after others.

/**
 * Runs an invocation for each item. Nothing is read from the source before the first result is asked for, and then
 * only what can run.
 * @throws TypeError when the source or an option makes no sense
 */
export function mapItems<Result, Item>(
  source: Iterable<Item> | AsyncIterable<Item>,
  options: MapOptions<Item>,
  context: MapContext,
): MapResults<Result> {
  checkSource(source);
  checkOptions(options);
  return new Mapping<Result, Item>(source, options, context);
}

function checkSource(source: unknown): void {
  const isObject = typeof source === 'object' && source !== null;
  // The characters of a text are hardly ever meant.
  if (isObject && (isCallable(source, Symbol.asyncIterator) || isCallable(source, Symbol.iterator))) return;
  throw new TypeError(expectedText('the items of `map` to be an iterable or an async iterable', source));
}

function isCallable(source: object, method: symbol): boolean {
  return typeof (source as Record<symbol, unknown>)[method] === 'function';
}

const ofMap = new Set<string>(['concurrency', 'ordered', 'onError', 'signal', ...ofEach]);

function checkOptions(options: MapOptions<never>): void {
  checkOptionNames('map', options, ofMap);
  const { concurrency, ordered, onError, signal, timeout, priority, cwd, retry } = options;
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    throw new TypeError(
      expectedText('the `concurrency` option to be a whole number of at least 1', concurrency),
    );
  }
  if (ordered !== undefined && typeof ordered !== 'boolean') {
    throw new TypeError(expectedText('the `ordered` option to be true or false', ordered));
  }
  if (onError !== undefined && typeof onError !== 'function') {
    throw new TypeError(expectedText('the `onError` option to be a function', onError));
  }
  // Those of each invocation: now, rather than in the place of each item.
  readRequest('', { timeout, priority, cwd, retry, signal });
}
