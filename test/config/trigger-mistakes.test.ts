import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, createRuntime, type Trigger, type WatchOptions, watch } from 'warm-pool';
import { runPool } from '../support/cli.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';

const good: WatchOptions = { path: 'inbox', invoke: 'own', args: ({ path }) => path };

test('the mistakes of a trigger are reported with all others of the configuration', async () => {
  const triggers = [
    watch(good),
    watch({ ...good, path: '', match: ['/a'], ignores: 'b' } as WatchOptions),
    watch(undefined as never),
    watch(good),
  ];
  const config = { pool: { max: 0 }, triggers };
  const error = await rejectionOf(createRuntime({ config }), ConfigError);
  assert.deepEqual(error.issues, [
    { path: 'pool.max', message: 'expected a whole number of at least 1, got 0 (number)' },
    { path: 'triggers[1].path', message: "expected the path of a folder, got '' (string)" },
    {
      path: 'triggers[1].match',
      message: "expected a glob relative to the watched folder, got '/a' (string)",
    },
    { path: 'triggers[1].ignores', message: 'there is no such option, did you mean "ignore"?' },
    { path: 'triggers[2]', message: 'expected an object with the options of `watch`, got nothing' },
    {
      path: 'triggers[3].id',
      message: 'triggers[0] has the id "inbox:own" already: give one of them another `id`',
    },
  ]);
});

test("a user's own trigger reports its mistakes the same way", async () => {
  const mistaken: Trigger = {
    ...{ kind: 'own', id: 'own', functions: [], start: async () => {}, stop: async () => {} },
    issues: [{ path: 'when', message: 'expected a day' }],
  };
  const error = await rejectionOf(createRuntime({ config: { triggers: [mistaken] } }), ConfigError);
  assert.deepEqual(error.issues, [{ path: 'triggers[0].when', message: 'expected a day' }]);
});

test('a folder to watch that is a file is told before any other trigger has started', async (t) => {
  const project = makeProject(t, {
    'functions/own.js': 'export default () => 1;',
    'photos/a.jpg': '',
    'pool.config.ts': `
      import { defineConfig, watch } from 'warm-pool';
      const on = (path: string) => watch({ path, invoke: 'own', args: (file) => file.path });
      export default defineConfig({ triggers: [on('inbox'), on('photos/a.jpg'), on('photos/a.jpg/b')] });`,
  });
  const { code, stderr } = await runPool(t, project, ['start']);
  const list = [
    'There are 2 mistakes in the triggers of the configuration:',
    "  triggers[1].path: expected the path of a folder, but 'photos/a.jpg' is a file",
    "  triggers[2].path: expected the path of a folder, but a part of 'photos/a.jpg/b' is a file",
  ];
  assert.ok(stderr.includes(`pool: ${list.join('\n')}\n`), stderr);
  assert.equal(code, 2);
  assert.equal(project.has('inbox'), false);
});
