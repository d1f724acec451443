import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makePoolProject, runPool } from '../support/cli.ts';
import { makeProject, repository } from '../support/project.ts';

const mistakes: [name: string, args: string[], message: RegExp][] = [
  ['an unknown command', ['invok', 'echo'], /^pool: There is no command "invok", did you mean "invoke"\?/],
  [
    'an unknown option',
    ['invoke', 'echo', '--arg', '1'],
    /`pool invoke` has no option --arg, did you mean "--args"\?/,
  ],
  [
    'a typo in a common option',
    ['list', '--log-levl=debug'],
    /no option --log-levl, did you mean "--log-level"\?/,
  ],
  ['an unknown short option', ['list', '-x'], /`pool list` has no option -x\./],
  ['a function without its name', ['invoke'], /`pool invoke` needs the name of a function/],
  ['an argument too many', ['status', 'all'], /`pool status` has no place for the argument "all"/],
  ['an option without its value', ['invoke', 'echo', '--args'], /Option --args needs a value/],
  [
    'arguments that are no JSON',
    ['invoke', 'echo', '--args', '{a:1}'],
    /Expected --args to be JSON, but .*position 1/,
  ],
  ['empty arguments', ['invoke', 'echo', '--args', ''], /Expected --args to be JSON, but it is empty/],
  ['arguments in a positional', ['invoke', 'echo', '{"a":1}'], /Unexpected argument .* --args, as JSON/],
  ['arguments given twice', ['invoke', 'echo', '-', '--args', '1'], /given more than once/],
  [
    'a missing arguments file',
    ['invoke', 'echo', '--args-file', 'no.json'],
    /no\.json can't be read: it doesn't exist/,
  ],
  [
    'a timeout that is none',
    ['invoke', 'echo', '--timeout', 'soon'],
    /--timeout to be .* such as 500, 10s or 2m, or Infinity for no limit, got "soon"/,
  ],
  [
    'attempts that are none',
    ['invoke', 'echo', '--attempts', '0'],
    /--attempts to be a whole number from 1 to 65535, got "0"/,
  ],
  ['attempts in words', ['map', 'echo', '1', '--attempts', 'some'], /--attempts to be .*, got "some"/],
  ['an empty key of items', ['map', 'greet', 'a', '--as', ''], /Expected --as to be .*, got "": .* --as src/],
  ['a timeout of nothing', ['invoke', 'echo', '--timeout', '0'], /--timeout to be .*, got "0"/],
  [
    'a log level that is none',
    ['list', '--log-level', 'loud'],
    /--log-level to be one of trace, .*, got "loud"/,
  ],
  [
    'a log level that is none, where no runtime is needed',
    ['status', '--log-level', 'loud'],
    /--log-level to be one of trace, .*, got "loud"/,
  ],
  ['arguments twice', ['invoke', 'echo', '--args', '1', '--args=2'], /Option --args is given 2 times/],
  [
    'two files of arguments',
    ['invoke', 'echo', '--args-file=a', '--args-file=b'],
    /--args-file is given 2 times/,
  ],
  [
    'a name in capitals',
    ['invoke', 'NESTED/NAME'],
    /no function "NESTED\/NAME", did you mean "nested\/name"\?/,
  ],
  [
    'a state of files that is none',
    ['files', '--state', 'done,setaside'],
    /--state to be one of arriving, .*, all, got "setaside", did you mean "setAside"\?/,
  ],
  ['a word that is no command', ['files', 'inbox'], /`pool files` has no place for the argument "inbox"/],
  ['files to try again without their names', ['files', 'retry'], /Name the files .* or give --all/],
  ['names and all of them', ['files', 'retry', 'a', '--all'], /both make no sense together/],
  [
    'a typo in an option of a command below a command',
    ['files', 'retry', '--al'],
    /`pool files retry` has no option --al, did you mean "--all"\? `pool files retry --help`/,
  ],
  [
    'an option of the command above it',
    ['files', 'retry', 'a', '--state', 'all'],
    /`pool files retry` has no option --state/,
  ],
  ['a folder that is none', ['list', '--cwd', 'nowhere'], /--cwd to be a folder, but nowhere doesn't exist/],
  [
    'a configuration that is none',
    ['list', '--config', 'no.ts'],
    /configuration file ".*no\.ts" doesn't exist/,
  ],
];

for (const [name, args, message] of mistakes) {
  test(`${name} is told in one paragraph, with exit code 2`, async (t) => {
    const { code, stdout, stderr } = await runPool(t, makePoolProject(t), args);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(stdout, '');
    assert.equal(code, 2);
  });
}

test('of an option that may be repeated the last one counts', async (t) => {
  const project = makePoolProject(t);
  const args = [
    'list',
    '--json',
    '--cwd',
    'nowhere',
    '--cwd',
    'functions',
    '--log-level=loud',
    '--log-level=info',
  ];
  assert.equal((await runPool(t, project, args)).code, 0);
});

test('standard input that is no UTF-8 is refused, with exit code 2', async (t) => {
  const input = Buffer.from([0x22, 0xff, 0xfe, 0x22]);
  const project = makePoolProject(t, { 'args.json': input });
  for (const [args, source] of [
    [['-'], 'standard input'],
    [['--args-file', 'args.json'], 'args.json'],
  ] as const) {
    const { code, stdout, stderr } = await runPool(t, project, ['invoke', 'echo', ...args], { input });
    assert.equal(
      stderr,
      `pool: Expected ${source} to be JSON in UTF-8, but it has bytes that are no UTF-8.\n`,
    );
    assert.equal(stdout, '');
    assert.equal(code, 2);
  }
});

test('a typo in the name of a function is answered with the closest one', async (t) => {
  const project = makePoolProject(t);
  for (const command of ['invoke', 'describe']) {
    const { code, stdout, stderr } = await runPool(t, project, [command, 'nested/nam']);
    assert.match(stderr, /There is no function "nested\/nam", did you mean "nested\/name"\?/);
    assert.equal(stdout, '');
    assert.equal(code, 2);
  }
});

test('the name of a function in an empty folder is answered with that', async (t) => {
  const project = makeProject(t, { 'functions/_none.js': '' });
  for (const command of ['invoke', 'describe']) {
    const { code, stderr } = await runPool(t, project, [command, 'resize']);
    assert.match(stderr, /There is no function "resize": the functions folder is empty\./);
    assert.equal(code, 2);
  }
});

test('every mistake of a configuration is listed, with exit code 2', async (t) => {
  const project = makePoolProject(t, {
    'pool.config.ts': `export default { pool: { max: 'many', mni: 1 }, log: { level: 'loud' } };`,
  });
  for (const command of [['start'], ['invoke', 'echo'], ['list']]) {
    const { code, stderr } = await runPool(t, project, command);
    for (const path of ['pool.max', 'pool.mni', 'log.level']) assert.ok(stderr.includes(path), stderr);
    assert.equal(code, 2);
  }
});

test('--json tells a failure on stdout', async (t) => {
  const { code, stdout, stderr } = await runPool(t, makePoolProject(t), ['invoke', '--json']);
  const answer = JSON.parse(stdout);
  assert.equal(answer.ok, false);
  assert.equal(answer.error.code, 'USAGE');
  assert.equal(stderr, '');
  assert.equal(code, 2);
});

test('--raw beside --json is refused before anything runs, with exit code 2', async (t) => {
  const project = makePoolProject(t);
  const { code, stdout } = await runPool(t, project, ['invoke', 'nested/name', '--raw', '--json']);
  const { ok, error } = JSON.parse(stdout);
  assert.deepEqual([ok, error.code], [false, 'USAGE'], stdout);
  assert.match(error.message, /--json and --raw/);
  assert.equal(code, 2);
});

test('--version is that of the package', async (t) => {
  const { code, stdout } = await runPool(t, makePoolProject(t), ['--version']);
  const manifest = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8'));
  assert.equal(stdout, `${manifest.version}\n`);
  assert.equal(code, 0);
});

test('--help shows each command, and no command at all is a mistake', async (t) => {
  const project = makePoolProject(t);
  const help = await runPool(t, project, ['--help']);
  for (const command of ['start', 'invoke', 'list', 'describe', 'status', 'stop']) {
    assert.match(help.stdout, new RegExp(`^  pool ${command}`, 'm'));
  }
  assert.equal(help.code, 0);
  const nothing = await runPool(t, project, []);
  assert.equal(nothing.stderr, help.stdout);
  assert.equal(nothing.stdout, '');
  assert.equal(nothing.code, 2);
});

// As npx and a linked package do. Not by npx itself: in a new clone that builds first, under the other tests' feet.
test('the built command can be executed', { skip: process.platform === 'win32' }, () => {
  const { bin, version } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8'));
  const command = spawnSync(path.join(repository, bin.pool), ['--version'], { encoding: 'utf8' });
  assert.equal(command.stdout, `${version}\n`, String(command.error ?? command.stderr));
});
