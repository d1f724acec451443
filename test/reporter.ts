// Node's TAP reporter, with the names of what failed among the closing lines: whoever reads only the end of a long
// output else sees how many, and not which.
import { relative } from 'node:path';
import { type TestEvent, tap } from 'node:test/reporters';

type TestFail = Extract<TestEvent, { type: 'test:fail' }>['data'];

/** The first of the lines that close the report. */
const closing = /^tests \d+$/;

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  yield* tap(namingFailures(events));
}

async function* namingFailures(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent, void> {
  const failed: TestFail[] = [];
  for await (const event of events) {
    if (event.type === 'test:fail' && event.data.todo === undefined) failed.push(event.data);
    if (event.type === 'test:diagnostic' && closing.test(event.data.message))
      yield* failed.map(asClosingLine);
    yield event;
  }
}

function asClosingLine({ name, file = '', line, details: { error } }: TestFail): TestEvent {
  const message = `failed: ${relative(process.cwd(), file)}:${line} ${name}: ${reasonOf(error)}`;
  return { type: 'test:diagnostic', data: { nesting: 0, message } };
}

/** The first lines of an error's text, as one. */
function reasonOf(error: Error): string {
  const text = error.cause instanceof Error ? error.cause.message : String(error.cause ?? error.message);
  return text.split('\n').filter(Boolean).slice(0, 8).join(' | ');
}
