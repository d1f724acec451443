import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeBoth } from '../support/both-runtimes.ts';
import { makePoolProject, runPool, startPool } from '../support/cli.ts';
import type { Project } from '../support/project.ts';

interface Example {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly stdout: string | Buffer;
  readonly stderr?: RegExp;
  readonly input?: string;
}

const json = (value: unknown) => `${JSON.stringify(value)}\n`;
const value = (name: string, ...more: string[]) => ['invoke', 'values', '--args', json({ name }), ...more];
const inspected = /JSON can't carry this result; it is printed as `util\.inspect` shows it/;

const examples: Example[] = [
  {
    name: 'an object',
    args: ['invoke', 'echo', '--args', '{"a":[1,2]}'],
    code: 0,
    stdout: json({ input: { a: [1, 2] }, cwd: '$ROOT' }),
  },
  { name: 'no arguments', args: ['invoke', 'echo'], code: 0, stdout: json({ cwd: '$ROOT' }) },
  { name: 'a generator', args: ['invoke', 'countdown', '--args', '3'], code: 0, stdout: json([3, 2, 1]) },
  { name: 'a name with a slash', args: ['invoke', 'nested/name'], code: 0, stdout: json('nested') },
  {
    name: 'arguments from stdin',
    args: ['invoke', 'greet', '-'],
    input: '{"name":"Ada"}',
    code: 0,
    stdout: json('Hello Ada!'),
  },
  {
    name: 'arguments from a file',
    args: ['invoke', 'greet', '--args-file', 'args.json'],
    code: 0,
    stdout: json('Hello Bob!'),
  },
  {
    name: 'a file that is stdin',
    args: ['invoke', 'greet', '--args-file', '-'],
    input: '{"name":"Eve"}',
    code: 0,
    stdout: json('Hello Eve!'),
  },
  { name: 'undefined', args: value('nothing'), code: 0, stdout: '' },
  { name: 'null', args: value('none'), code: 0, stdout: 'null\n' },
  { name: 'text', args: value('text'), code: 0, stdout: '"two\\nlines"\n' },
  { name: 'text with --raw', args: value('text', '--raw'), code: 0, stdout: 'two\nlines' },
  {
    name: 'bytes with --raw',
    args: value('bytes', '--raw'),
    code: 0,
    stdout: Buffer.from([0, 255, 10, 13, 128]),
  },
  {
    name: 'a view with --raw',
    args: value('floats', '--raw'),
    code: 0,
    stdout: Buffer.from(new Float32Array([1, 2]).buffer),
  },
  { name: 'a number with --raw', args: value('number', '--raw'), code: 0, stdout: '1.5\n' },
  { name: 'a property that is undefined', args: value('optional'), code: 0, stdout: json({ given: 1 }) },
  { name: 'a date', args: value('date'), code: 0, stdout: json({ at: new Date(0) }) },
  { name: 'a key named __proto__', args: value('poison'), code: 0, stdout: '{"__proto__":{"a":1}}\n' },
  { name: 'a Map', args: value('map'), code: 0, stdout: "Map(1) { 'a' => 1 }\n", stderr: inspected },
  { name: 'a BigInt', args: value('big'), code: 0, stdout: '100000000000000000000n\n', stderr: inspected },
  { name: 'Infinity', args: value('infinite'), code: 0, stdout: '{ most: Infinity }\n', stderr: inspected },
  {
    name: 'an undefined element',
    args: value('hole'),
    code: 0,
    stdout: '[ 1, undefined ]\n',
    stderr: inspected,
  },
  { name: 'bytes', args: value('bytes'), code: 0, stdout: '<Buffer 00 ff 0a 0d 80>\n', stderr: inspected },
  {
    name: 'no timeout at all',
    args: ['invoke', 'hasty', '--args', '600', '--timeout', 'Infinity'],
    code: 0,
    stdout: json('waited'),
  },
  {
    name: 'an error',
    args: ['invoke', 'throws'],
    code: 1,
    stdout: '',
    stderr:
      /^pool: Function "throws" failed: RangeError: it is full\. It was thrown at functions\/throws\.js:3:\d+\./m,
  },
  {
    name: 'an exit',
    args: ['invoke', 'exits'],
    code: 1,
    stdout: '',
    stderr: /^pool: The worker that ran "exits" exited with code 3\./m,
  },
  {
    name: 'invalid input',
    args: ['invoke', 'greet', '--args', '{}'],
    code: 2,
    stdout: '',
    stderr:
      /^pool: The arguments of "greet" are not valid: name: expected a string\. `pool describe greet` shows what it takes\.$/m,
  },
  {
    name: 'an unknown function',
    args: ['invoke', 'ecko'],
    code: 2,
    stdout: '',
    stderr: /did you mean "echo"\?/,
  },
  {
    name: 'a timeout',
    args: ['invoke', 'waits', '--timeout', '150ms'],
    code: 124,
    stdout: '',
    stderr: /longer than its timeout of 150 ms\. Give it more with --timeout/,
  },
  {
    name: 'a timeout of a loop',
    args: ['invoke', 'spins', '--timeout', '150'],
    code: 124,
    stdout: '',
    stderr: /longer than its timeout of 150 ms/,
  },
  {
    name: "the function's own timeout",
    args: ['invoke', 'hasty'],
    code: 124,
    stdout: '',
    stderr: /longer than its timeout of 200 ms/,
  },
];

const reportLine =
  /^REPORT \S+ [0-9A-HJKMNP-TV-Z]{26} duration \d+ ms {2}queued \d+ ms {2}init \d+ ms \((warm|cold)\) {2}memory \d+ MB {2}worker \d+$/m;

const files = {
  'args.json': '\uFEFF{"name":"Bob"}',
  'functions/countdown.js': 'export default async function* (from) { for (; from > 0; from--) yield from; }',
  'functions/hasty.js': `
    import { setTimeout } from 'node:timers/promises';
    export const config = { timeout: 200 };
    export default (ms = 60_000) => setTimeout(ms, 'waited');`,
};

describeBoth('pool invoke', files, (project, isAttached) => {
  for (const example of examples) {
    test(`pool invoke: ${example.name}`, async (t) => {
      const ended = await runPool(t, project, example.args, { input: example.input });
      assert.equal(ended.code, example.code, ended.stderr);
      assert.deepEqual(ended.bytes, expectedBytes(example, project));
      assert.match(ended.stderr, example.stderr ?? reportLine);
      // What never ran has nothing to report.
      assert.equal(reportLine.test(ended.stderr), example.name !== 'an unknown function', ended.stderr);
      if (example.code === 0)
        assert.ok(ended.stderr.includes(isAttached ? '(warm)' : '(cold)'), ended.stderr);
    });
  }

  test('--json has the result and the figures', async (t) => {
    const { code, stdout, stderr } = await runPool(t, project, [
      'invoke',
      'greet',
      '--args',
      '{"name":"Ada"}',
      '--json',
    ]);
    const { ok, result, invocationId, durationMs, queueMs, initMs, memoryMB, worker } = JSON.parse(stdout);
    assert.equal(ok, true);
    assert.equal(result, 'Hello Ada!');
    assert.match(invocationId, /^[0-9A-HJKMNP-TV-Z]{26}$/);
    for (const figure of [durationMs, queueMs, initMs]) assert.ok(figure >= 0 && figure < 60_000, stdout);
    // The runtime was started for this call alone, and that is what its init is.
    if (!isAttached) assert.ok(initMs > 0, stdout);
    assert.ok(memoryMB > 10 && memoryMB < 4096, stdout);
    assert.ok(worker >= 1);
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });

  test('--json has what JSON can not carry as text', async (t) => {
    const { stdout } = await runPool(t, project, value('map', '--json'));
    const { ok, result, resultFormat } = JSON.parse(stdout);
    assert.deepEqual([ok, result, resultFormat], [true, "Map(1) { 'a' => 1 }", 'inspect']);
  });

  test('--log-level is for a runtime of its own, and another one is named on stderr', async (t) => {
    const { code, stderr } = await runPool(t, project, ['invoke', 'logs', '--log-level', 'error']);
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /from the (logger|console)/);
    const note =
      /^pool: --log-level has no effect here: .* runtime \(pid \d+\) logs to the output of `pool start`, /m;
    if (isAttached) assert.match(stderr, note);
    else assert.doesNotMatch(stderr, /--log-level/);
  });

  test('--json has the error with its cause and its own properties', async (t) => {
    const { code, stdout } = await runPool(t, project, ['invoke', 'throws', '--json', '--verbose']);
    const { ok, error } = JSON.parse(stdout);
    assert.equal(ok, false);
    assert.deepEqual(
      [error.name, error.code, error.functionName],
      ['FunctionError', 'FUNCTION_FAILED', 'throws'],
    );
    assert.deepEqual([error.cause.name, error.cause.message], ['RangeError', 'it is full']);
    assert.deepEqual(error.cause.properties, { code: 7 });
    assert.match(error.cause.stack, /throws\.js:3:/);
    assert.equal(error.cause.cause.message, 'the last straw');
    assert.equal(code, 1);
  });

  test('--verbose adds the stack, the own properties and the cause', async (t) => {
    const { stderr } = await runPool(t, project, ['invoke', 'throws', '--verbose']);
    assert.match(stderr, /^ {4}at .*throws\.js:3:\d+/m);
    assert.match(stderr, /\{ code: 7 \}/);
    assert.match(stderr, /Caused by: Error: the last straw/);
  });

  test('a deep result is printed to its bottom', async (t) => {
    const { stdout } = await runPool(t, project, value('deep'));
    assert.match(stdout, /Set\(1\) \{ 1 \}/);
  });

  test('--cwd is where relative paths and ctx.cwd begin', async (t) => {
    mkdirSync(project.path('sub', 'folder'), { recursive: true });
    writeFileSync(project.path('sub', 'here.json'), '{"name":"Cleo"}');
    const { stdout } = await runPool(t, project, [
      'invoke',
      'echo',
      '--cwd',
      'sub/folder',
      '--args-file',
      '../here.json',
    ]);
    assert.deepEqual(JSON.parse(stdout), { input: { name: 'Cleo' }, cwd: project.path('sub', 'folder') });
  });

  test('20 MB of arguments and as much of a result', async (t) => {
    const text = 'x'.repeat(20 * 2 ** 20);
    const { code, stdout, stderr } = await runPool(t, project, ['invoke', 'echo', '-'], {
      input: JSON.stringify(text),
    });
    assert.equal(code, 0, stderr.slice(0, 1000));
    assert.equal(JSON.parse(stdout).input.length, text.length);
  });

  test('a reader that leaves early ends it quietly', async (t) => {
    const run = startPool(t, project, ['invoke', 'echo', '-'], {
      input: JSON.stringify('x'.repeat(5 * 2 ** 20)),
    });
    run.child.stdout?.once('data', () => run.child.stdout?.destroy());
    const { code, stderr } = await run.ended;
    assert.doesNotMatch(stderr, /EPIPE|at .*\(/);
    assert.equal(code, 0);
  });
});

function expectedBytes({ stdout }: Example, project: Project): Buffer {
  return typeof stdout === 'string' ? Buffer.from(stdout.replaceAll('$ROOT', project.root)) : stdout;
}

test('what a function logs goes to stderr, and names its invocation', async (t) => {
  const { stdout, stderr } = await runPool(t, makePoolProject(t), ['invoke', 'logs']);
  assert.equal(stdout, '"logged"\n');
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ msg }) => msg).sort(), ['from the console', 'from the logger']);
  const logged = lines.find(({ msg }) => msg === 'from the logger');
  assert.deepEqual([logged.function, logged.found], ['logs', 3]);
});

test('of a project in TypeScript the stack has the lines of the sources', async (t) => {
  const project = makePoolProject(t, {
    'pool.config.ts': `
      import { defineConfig } from 'warm-pool';
      const max: number = 1;
      export default defineConfig({ pool: { max } });
    `,
    'functions/typed.ts': `
      interface Full { readonly rooms: number }
      export default async function typed({ rooms }: Full): Promise<never> {
        throw new RangeError(\`all \${rooms} rooms are taken\`);
      }
    `,
  });
  const { code, stderr } = await runPool(t, project, [
    'invoke',
    'typed',
    '--args',
    '{"rooms":3}',
    '--verbose',
  ]);
  assert.match(
    stderr,
    /"typed" failed: RangeError: all 3 rooms are taken\. It was thrown at functions\/typed\.ts:4:\d+\./,
  );
  assert.match(stderr, /^ {4}at .*typed\.ts:4:\d+/m);
  assert.equal(code, 1);
});
