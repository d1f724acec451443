// Node's TAP reporter, with the names of what failed among the closing lines: whoever reads only the end of a long
// output else sees how many, and not which.
import { relative } from 'node:path';
import { tap } from 'node:test/reporters';

/** @typedef {import('node:test/reporters').TestEvent} TestEvent */
/** @typedef {Extract<TestEvent, { type: 'test:fail' }>['data']} TestFail */

/** The first of the lines that close the report. */
const closing = /^tests \d+$/;

/** @param {AsyncIterable<TestEvent>} events */
export default async function* report(events) {
  yield* tap(namingFailures(events));
}

/**
 * @param {AsyncIterable<TestEvent>} events
 * @returns {AsyncGenerator<TestEvent, void>}
 */
async function* namingFailures(events) {
  /** @type {TestFail[]} */
  const failed = [];
  for await (const event of events) {
    if (event.type === 'test:fail' && event.data.todo === undefined) failed.push(event.data);
    if (event.type === 'test:diagnostic' && closing.test(event.data.message))
      yield* failed.map(asClosingLine);
    yield event;
  }
}

/**
 * @param {TestFail} failure
 * @returns {TestEvent}
 */
function asClosingLine({ name, file = '', line, details: { error } }) {
  const message = `failed: ${relative(process.cwd(), file)}:${line} ${name}: ${reasonOf(error)}`;
  return { type: 'test:diagnostic', data: { nesting: 0, message } };
}

/**
 * The first lines of an error's text, as one.
 * @param {Error} error
 */
function reasonOf({ cause, message }) {
  const text = cause instanceof Error ? cause.message : String(cause ?? message);
  return text.split('\n').filter(Boolean).slice(0, 8).join(' | ');
}
