import type { EncodedValue } from '../channel/codec.ts';
import { parseTimeout, timeoutExpected } from '../options/duration.ts';
import { expectedText } from '../options/expected.ts';
import { checkOptionNames } from '../options/option-names.ts';
import { type InvokeOptions, type Priority, priorities } from './invocation.ts';
import type { Request } from './record.ts';
import { readRetry } from './retry.ts';

/** What can be said of each invocation, wherever it is asked for. */
export const ofEach = ['timeout', 'priority', 'cwd', 'retry'] as const;

export const ofInvoke: ReadonlySet<string> = new Set(['signal', ...ofEach, 'transfer']);

/** @throws TypeError when these are no options of `runtime.invoke` */
export function checkNamesOfInvoke(options: unknown): void {
  checkOptionNames('invoke', options, ofInvoke);
}

const ofSpawn = new Set<string>(['signal', 'timeout', 'cwd', 'transfer']);

/** @throws TypeError when these are no options of `runtime.spawn` */
export function checkNamesOfSpawn(options: unknown): void {
  checkOptionNames('spawn', options, ofSpawn);
}

/** @throws TypeError when these are no options of `runtime.stream`, which has the same */
export function checkNamesOfStream(options: unknown): void {
  checkOptionNames('stream', options, ofInvoke);
}

const ofCall = new Set<string>(['signal', ...ofEach]);

/** @throws TypeError when these are no options of `ctx.invoke` */
export function checkNamesOfCall(options: unknown): void {
  checkOptionNames('ctx.invoke', options, ofCall);
}

/**
 * Reads the options of an invocation that are for whoever runs it.
 * @throws TypeError that says what was expected
 */
export function readRequest(args: EncodedValue, options: InvokeOptions): Request {
  const { timeout, priority = 'normal', cwd = process.cwd(), signal, retry } = options;
  const timeoutMs = timeout === undefined ? undefined : parseTimeout(timeout);
  if (timeout !== undefined && timeoutMs === undefined) {
    throw new TypeError(expectedText(`the \`timeout\` option to be ${timeoutExpected}`, timeout));
  }
  if (!priorities.includes(priority as Priority)) {
    throw new TypeError(
      expectedText(`the \`priority\` option to be one of ${priorities.join(', ')}`, priority),
    );
  }
  if (typeof cwd !== 'string') throw new TypeError(expectedText('the `cwd` option to be a path', cwd));
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(expectedText('the `signal` option to be an AbortSignal', signal));
  }
  return { args, priority, cwd, timeoutMs, retry: retry === undefined ? undefined : readRetry(retry) };
}
