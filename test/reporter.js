// Node's TAP reporter, with the names of what failed among the closing lines: whoever reads only the end of a long
// output else sees how many, and not which.
import { relative } from 'node:path';
import { tap } from 'node:test/reporters';

/** The first of the lines that close the report. */
const closing = /^tests \d+$/;

async function* namingFailures(events) {
  const failed = [];
  for await (const event of events) {
    if (event.type === 'test:fail' && !event.data.todo) failed.push(event.data);
    if (event.type === 'test:diagnostic' && closing.test(event.data.message)) {
      for (const data of failed)
        yield { type: 'test:diagnostic', data: { nesting: 0, message: describe(data) } };
    }
    yield event;
  }
}

function describe({ name, file, line, details: { error } }) {
  return `failed: ${relative(process.cwd(), file ?? '')}:${line} ${name}: ${reasonOf(error)}`;
}

/** The first lines of an error's text, as one. */
function reasonOf(error) {
  const text = String(error.cause?.message ?? error.cause ?? error.message);
  return text.split('\n').filter(Boolean).slice(0, 8).join(' | ');
}

export default async function* report(events) {
  yield* tap(namingFailures(events));
}
