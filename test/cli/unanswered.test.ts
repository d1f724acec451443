import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePoolProject, runPool } from '../support/cli.ts';

const everyCommand = [
  ['list'],
  ['describe', 'echo'],
  ['invoke', 'echo'],
  ['start'],
  ['status'],
  ['files'],
  ['stop'],
];

test('a configuration that never finishes loading is told as that, with exit code 2', async (t) => {
  for (const [file, content] of [
    ['pool.config.ts', 'await new Promise(() => {}); export default {};'],
    ['pool.config.mjs', 'await new Promise(() => {}); export default {};'],
  ] as const) {
    const project = makePoolProject(t);
    project.remove('pool.config.mjs');
    project.write(file, content);
    for (const command of everyCommand) {
      const { code, stdout, stderr } = await runPool(t, project, command);
      assert.match(stderr, /^pool: The configuration .*pool\.config\.\w+ never finished loading: /);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.equal(stdout, '');
      assert.equal(code, 2);
    }
  }
});

test('a configuration that ends the program is no success, with exit code 2', async (t) => {
  const project = makePoolProject(t, { 'pool.config.ts': 'process.exit(0); export default {};' });
  for (const command of everyCommand) {
    const { code, stdout, stderr } = await runPool(t, project, command);
    assert.match(
      stderr,
      /^pool: The program was ended before the command had an answer\. .*process\.exit\(\)/,
    );
    assert.equal(stdout, '');
    assert.equal(code, 2);
  }
});

test('a configuration is loaded once, and what it prints goes to stderr', async (t) => {
  for (const [file, content] of [
    ['pool.config.ts', "console.log('loaded' as string); console.table([1]); export default {};"],
    ['pool.config.mjs', "console.log('loaded'); console.table([1]); export default {};"],
  ] as const) {
    const project = makePoolProject(t);
    project.remove('pool.config.mjs');
    project.write(file, content);
    for (const [command, printed] of [
      [['invoke', 'nested/name'], /^"nested"\n$/],
      [['list', '--json'], /^\[.*\]\n$/],
    ] as const) {
      const { code, stdout, stderr } = await runPool(t, project, command);
      assert.match(stdout, printed);
      assert.equal(stderr.match(/^loaded$/gm)?.length, 1, stderr);
      assert.match(stderr, /│ 0 +│ 1 +│/);
      assert.equal(code, 0);
    }
  }
});
