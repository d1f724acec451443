import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePoolProject, runPool } from '../support/cli.ts';

const lines = (text: string) => text.split('\n').slice(0, -1);

const greetings: [name: string, args: string[], names: string[]][] = [
  ['the items before it stay items', ['a', 'b', '--', '-c'], ['a', 'b', '-c']],
  ['all items come after it', ['--', 'a', 'b'], ['a', 'b']],
  [
    'an item looks like an option or is a dash twice',
    ['--', '--json', '--', '-5', '--as=b'],
    ['--json', '--', '-5', '--as=b'],
  ],
  ['an item is a word that yargs knows', ['--verbose', '--', 'true', 'help'], ['true', 'help']],
  ['nothing comes after it', ['a', '--'], ['a']],
];

for (const [name, args, names] of greetings) {
  test(`pool map runs what follows \`--\`: ${name}`, async (t) => {
    const run = await runPool(t, makePoolProject(t), ['map', 'greet', '--as', 'name', ...args]);
    assert.deepEqual(
      lines(run.stdout),
      names.map((each) => `"Hello ${each}!"`),
      run.stderr,
    );
    assert.equal(run.code, 0);
  });
}

test('after `--` a lone dash is standard input, as it is to other programs', async (t) => {
  const args = ['map', 'greet', '--as', 'name', '--', '-'];
  const run = await runPool(t, makePoolProject(t), args, { input: 'Ada\n' });
  assert.equal(run.stdout, '"Hello Ada!"\n', run.stderr);
});

test('pool invoke and pool describe take the name of a function after `--`', async (t) => {
  const project = makePoolProject(t);
  const invoked = await runPool(t, project, ['invoke', '--args', '{"name":"Ada"}', '--', 'greet']);
  assert.deepEqual([invoked.stdout, invoked.code], ['"Hello Ada!"\n', 0], invoked.stderr);
  const described = await runPool(t, project, ['describe', '--', 'greet']);
  assert.match(described.stdout, /^greet\n/);
});

const mistakes: [name: string, args: string[], message: RegExp][] = [
  ['an argument too many', ['list', '--', 'x'], /`pool list` has no place for the argument "x"/],
  ['an option that is none', ['list', '--', '--json'], /`pool list` has no place for the argument "--json"/],
  ['a second name', ['describe', 'echo', '--', '-x'], /`pool describe` has no place for the argument "-x"/],
  ['a function that is not there', ['invoke', '--', '-greet'], /There is no function "-greet"/],
  ['arguments', ['invoke', 'greet', '--', '{"name":1}'], /Unexpected argument .*go into --args/],
  ['no value of an option', ['map', 'greet', '--as', '--', 'a'], /Option --as needs a value/],
  ['no command', ['--', 'list'], /The command stands before `--`, as in `pool list`/],
];

for (const [name, args, message] of mistakes) {
  test(`what follows \`--\` is ${name}: told in one paragraph, with exit code 2`, async (t) => {
    const { code, stdout, stderr } = await runPool(t, makePoolProject(t), args);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(stdout, '');
    assert.equal(code, 2);
  });
}
