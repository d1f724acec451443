import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examplesReadme, startExample } from '../support/run-example.ts';

test('a queue, an event and a lock are shared by a worker and the event loop of the program', async (t) => {
  const example = startExample(t, 'shared/main.ts');
  const { code, stdout, stderr } = await example.ended;
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(
    stdout.trimEnd().split('\n'),
    [6, 7, 8, 9, 10, 78].map((result) => `Got result ${result}`),
  );
  assert(examplesReadme.includes(`\`\`\`\n${stdout}\`\`\`\n`), 'the README shows something else');
  await example.untilNothingIsLeft();
});
