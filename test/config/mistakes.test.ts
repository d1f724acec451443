import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, ConfigError, type CreateRuntimeOptions, createRuntime } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';

const ownFunction = { 'functions/own.mjs': 'export default () => 1;' };

async function refusalOf(config: unknown): Promise<ConfigError> {
  return rejectionOf(createRuntime({ config: config as Config }), ConfigError);
}

const aDuration = 'expected a number of ms or a string such as "30s" or "5 min"';

const aTimeout = 'expected a number of ms above 0 or a string such as "30s" or "5 min"';

const aQueueLimit = 'expected a whole number of at least 0, or Infinity';

const aCount = 'expected a whole number of at least 1, or Infinity';

const aSize = 'expected a number of bytes or a string such as "512mb" or "1.5 gb"';

/** What is wrong, the path it is reported with, and the message that says what was expected and found. */
const mistakes: readonly [config: unknown, path: string, message: string][] = [
  [{ functions: 5 }, 'functions', 'expected the path of a folder, or a list of them, got 5 (number)'],
  [{ functions: '' }, 'functions', "expected the path of a folder, or a list of them, got '' (string)"],
  [{ functions: ['a', 5] }, 'functions[1]', 'expected the path of a folder, got 5 (number)'],
  [{ dataDir: [] }, 'dataDir', 'expected the path of a folder, got [] (array)'],
  [{ dataDir: null }, 'dataDir', 'expected the path of a folder, got null (object)'],
  [{ pool: 4 }, 'pool', 'expected an object with the settings of the pool, got 4 (number)'],
  [{ pool: { min: -1 } }, 'pool.min', 'expected a whole number of at least 0, got -1 (number)'],
  [{ pool: { min: -1e300 } }, 'pool.min', 'expected a whole number of at least 0, got -1e+300 (number)'],
  [{ pool: { max: 0 } }, 'pool.max', 'expected a whole number of at least 1, got 0 (number)'],
  [{ pool: { max: 1.5 } }, 'pool.max', 'expected a whole number of at least 1, got 1.5 (number)'],
  [{ pool: { max: '2' } }, 'pool.max', "expected a whole number of at least 1, got '2' (string)"],
  [{ pool: { max: Number.NaN } }, 'pool.max', 'expected a whole number of at least 1, got NaN (number)'],
  [{ pool: { min: 3, max: 2 } }, 'pool.min', 'expected at most the value of pool.max, 2, got 3 (number)'],
  [
    { pool: { isolation: 'fibre' } },
    'pool.isolation',
    `expected "process" or "thread", got 'fibre' (string)`,
  ],
  [{ pool: { timeout: 'soon' } }, 'pool.timeout', `${aTimeout}, got 'soon' (string)`],
  [{ pool: { timeout: -5 } }, 'pool.timeout', `${aTimeout}, got -5 (number)`],
  [{ pool: { timeout: Number.NaN } }, 'pool.timeout', `${aTimeout}, got NaN (number)`],
  [{ pool: { timeout: 0 } }, 'pool.timeout', `${aTimeout}, got 0 (number)`],
  [{ pool: { timeout: '1 fortnight' } }, 'pool.timeout', `${aTimeout}, got '1 fortnight' (string)`],
  [{ pool: { idleTimeout: true } }, 'pool.idleTimeout', `${aDuration}, got true (boolean)`],
  [{ pool: { killGrace: '' } }, 'pool.killGrace', `${aDuration}, got '' (string)`],
  [{ pool: { loadTimeout: {} } }, 'pool.loadTimeout', `${aTimeout}, got {} (object)`],
  [{ pool: { loadTimeout: '0s' } }, 'pool.loadTimeout', `${aTimeout}, got '0s' (string)`],
  [{ pool: { queueLimit: -1 } }, 'pool.queueLimit', `${aQueueLimit}, got -1 (number)`],
  [{ pool: { queueLimit: 1.5 } }, 'pool.queueLimit', `${aQueueLimit}, got 1.5 (number)`],
  [{ pool: { queueLimit: '10' } }, 'pool.queueLimit', `${aQueueLimit}, got '10' (string)`],
  [{ pool: { maxInvocations: 0 } }, 'pool.maxInvocations', `${aCount}, got 0 (number)`],
  [{ pool: { maxMemory: 'much' } }, 'pool.maxMemory', `${aSize}, got 'much' (string)`],
  [{ pool: { maxMemory: 0 } }, 'pool.maxMemory', `${aSize}, got 0 (number)`],
  [{ pool: { maxMemory: '1xb' } }, 'pool.maxMemory', `${aSize}, got '1xb' (string)`],
  [
    { pool: { maxMemory: 512 } },
    'pool.maxMemory',
    'expected at least "1mb", as a number it is in bytes, got 512 (number)',
  ],
  [{ pool: { env: ['A=1'] } }, 'pool.env', "expected an object of strings, got [ 'A=1' ] (array)"],
  [{ pool: { env: new Map() } }, 'pool.env', 'expected an object of strings, got Map(0) {} (object)'],
  [{ pool: { env: { A: 1 } } }, 'pool.env.A', 'expected a string, got 1 (number)'],
  [{ pool: { execArgv: '--x' } }, 'pool.execArgv', "expected a list of strings, got '--x' (string)"],
  [{ pool: { execArgv: [1] } }, 'pool.execArgv[0]', 'expected a string, got 1 (number)'],
  [{ pool: { maxx: 2 } }, 'pool.maxx', 'there is no such setting, did you mean "max"?'],
  [{ pool: { qeueLimit: 2 } }, 'pool.qeueLimit', 'there is no such setting, did you mean "queueLimit"?'],
  [{ pools: 4 }, 'pools', 'expected an object of pools by their names, got 4 (number)'],
  [{ pools: { io: 4 } }, 'pools.io', 'expected an object with the settings of the pool, got 4 (number)'],
  [{ pools: { io: { max: 0 } } }, 'pools.io.max', 'expected a whole number of at least 1, got 0 (number)'],
  [
    { pools: { io: { min: 3, max: 2 } } },
    'pools.io.min',
    'expected at most the value of pools.io.max, 2, got 3 (number)',
  ],
  [
    { pools: { constructor: { max: 0 } } },
    'pools.constructor.max',
    'expected a whole number of at least 1, got 0 (number)',
  ],
  [{ pools: { io: { maxx: 2 } } }, 'pools.io.maxx', 'there is no such setting, did you mean "max"?'],
  [{ pools: { io: { env: { A: 1 } } } }, 'pools.io.env.A', 'expected a string, got 1 (number)'],
  [
    { pools: { default: {} } },
    'pools.default',
    'the default pool has its settings in `pool`: move them there',
  ],
  [{ pools: { '': {} } }, 'pools[""]', 'a pool needs a name, got an empty one'],
  [
    { pools: { 'fast io': { max: 0 } } },
    'pools["fast io"].max',
    'expected a whole number of at least 1, got 0 (number)',
  ],
  [
    { pools: { 'fast io': { min: 3, max: 2 } } },
    'pools["fast io"].min',
    'expected at most the value of pools["fast io"].max, 2, got 3 (number)',
  ],
  [{ function: 'a' }, 'function', 'there is no such setting, did you mean "functions"?'],
  [{ datadir: 'a' }, 'datadir', 'there is no such setting, did you mean "dataDir"?'],
  [{ somethingElse: 1 }, 'somethingElse', 'there is no such setting'],
  [{ pool: { constructor: 1 } }, 'pool.constructor', 'there is no such setting'],
  [{ triggers: 'watch' }, 'triggers', "expected a list of triggers, got 'watch' (string)"],
  [{ triggers: [null] }, 'triggers[0]', 'expected a trigger, such as watch({ … }) makes, got null (object)'],
  [
    { log: { level: 'loud' } },
    'log.level',
    "expected one of trace, debug, info, warn, error, fatal, silent, got 'loud' (string)",
  ],
  [{ log: 'info' }, 'log', "expected an object, got 'info' (string)"],
  // One letter is near to everything short, and a misspelling of nothing.
  [{ log: { x: 1 } }, 'log.x', 'there is no such setting'],
];

for (const [config, path, message] of mistakes) {
  test(`${path}: ${message}`, async () => {
    const error = await refusalOf(config);
    assert.deepEqual(error.issues, [{ path, message }]);
    assert(error.message.includes(`\n  ${path}: ${message}`), error.message);
    assert.match(error.message, /^There is a mistake in the configuration given to createRuntime:\n/);
  });
}

const wrongOptions: readonly [options: unknown, path: string, message: string][] = [
  [{ cwd: 5 }, 'cwd', 'expected the path of a folder, got 5 (number)'],
  [{ config: 5 }, 'config', 'expected a configuration, or the path of one, got 5 (number)'],
  [{ config: null }, 'config', 'expected a configuration, or the path of one, got null (object)'],
  [
    { logger: { info() {} } },
    'logger',
    'expected a logger with trace, debug, info, warn, error, fatal and child, got { info: [Function: info] } (object)',
  ],
  [
    { logLevel: 'loud' },
    'logLevel',
    "expected one of trace, debug, info, warn, error, fatal, silent, got 'loud' (string)",
  ],
  [{ hotReload: 'yes' }, 'hotReload', "expected true or false, got 'yes' (string)"],
  [{ hotreload: false }, 'hotreload', 'there is no such setting, did you mean "hotReload"?'],
  ['pool.config.ts', '', "expected an object, got 'pool.config.ts' (string)"],
  [null, '', 'expected an object, got null (object)'],
];

for (const [options, path, message] of wrongOptions) {
  test(`of the options of createRuntime ${path}: ${message}`, async () => {
    const error = await rejectionOf(createRuntime(options as CreateRuntimeOptions), ConfigError);
    assert.deepEqual(error.issues, [{ path, message }]);
    assert.match(error.message, /^There is a mistake in the options of createRuntime:\n/);
  });
}

test('an environment variable may be empty', async (t) => {
  const project = makeProject(t, {
    'functions/read.mjs': "export default () => [process.env.EMPTY, 'EMPTY' in process.env];",
  });
  const runtime = await createRuntime({ cwd: project.root, config: { pool: { env: { EMPTY: '' } } } });
  t.after(() => runtime.close({ timeout: 0 }));
  assert.deepEqual(await runtime.invoke('read'), ['', true]);
});

test('all mistakes are reported at once, also those that contradict each other', async () => {
  const error = await refusalOf({
    functions: 5,
    pool: { min: 3, max: 2, timeout: 'soon', execArgv: ['--ok', 7], idleTime: 5 },
    log: { level: 'loud' },
    triggrs: [],
  });
  assert.deepEqual(error.issues.map(({ path }) => path).sort(), [
    'functions',
    'log.level',
    'pool.execArgv[1]',
    'pool.idleTime',
    'pool.min',
    'pool.timeout',
    'triggrs',
  ]);
  assert.match(error.message, /^There are 7 mistakes in the configuration given to createRuntime:\n/);
  for (const { path, message } of error.issues) assert(error.message.includes(`\n  ${path}: ${message}`));
});

test('a mistake in a file is reported with the path of the file', async (t) => {
  const project = makeProject(t, {
    ...ownFunction,
    'pool.config.ts': "export default { pool: { max: 'many' } };",
  });
  const error = await rejectionOf(createRuntime({ cwd: project.root }), ConfigError);
  assert(error.message.includes(project.path('pool.config.ts')), error.message);
  assert.deepEqual(error.issues, [
    { path: 'pool.max', message: "expected a whole number of at least 1, got 'many' (string)" },
  ]);
});

interface Refusal {
  readonly isConfigError: boolean;
  readonly message: string;
}

const program = `
  import { ConfigError, createRuntime } from 'warm-pool';
  const error = await createRuntime().then((runtime) => runtime.close(), (reason) => reason);
  console.log(JSON.stringify({ isConfigError: error instanceof ConfigError, message: String(error?.message) }));`;

/** Files that can't be used, and what their error says beside the file's name. */
const files: readonly [what: string, file: string, source: string, says: RegExp][] = [
  ['no default export', 'pool.config.ts', 'export const config = {};', /has no default export: write/],
  [
    'no default export, in JavaScript',
    'pool.config.mjs',
    'export const config = {};',
    /has no default export/,
  ],
  ['nothing in it', 'pool.config.mts', '', /has no default export/],
  ['nothing in it, in JavaScript', 'pool.config.mjs', '', /has no default export/],
  [
    'a text as its default export',
    'pool.config.ts',
    "export default 'fast';",
    /expected a configuration: an object, got 'fast'/,
  ],
  [
    'a function as its default export',
    'pool.config.mjs',
    'export default () => ({});',
    /expected a configuration: an object, got \[Function/,
  ],
  ['a throw in it', 'pool.config.ts', "throw new RangeError('no disk');", /could not be loaded: .*no disk/],
  ['a throw of no error in it', 'pool.config.mjs', "throw 'no disk';", /could not be loaded: .*no disk/],
  [
    'a syntax error',
    'pool.config.ts',
    'export default {\n  pool: { max: },\n};',
    /could not be loaded: .*pool\.config\.ts:2:/s,
  ],
  [
    'a syntax error, in JavaScript',
    'pool.config.mjs',
    'export default { pool: { max: } };',
    /could not be loaded: .*Unexpected token/,
  ],
  [
    'an import of nothing',
    'pool.config.ts',
    "import x from './_missing.ts'; export default x;",
    /could not be loaded: .*_missing/,
  ],
  [
    'an await without end',
    'pool.config.mts',
    'await new Promise(() => {}); export default {};',
    /pool\.config\.mts never finished loading/,
  ],
  [
    'a trigger with a mistake',
    'pool.config.ts',
    "import { watch } from 'warm-pool'; export default { triggers: [watch({ invoke: 'own' } as never)] };",
    /pool\.config\.ts:\n {2}triggers\[0\]\.path: expected the path of a folder, got nothing/,
  ],
];

for (const manifest of [{ type: 'module' }, {}]) {
  const what = manifest.type === undefined ? 'no "type"' : '"type": "module"';
  for (const [mistake, file, source, says] of files) {
    test(`a configuration with ${mistake} is an error that says so, in a package with ${what}`, async (t) => {
      const project = makeProject(t, {
        'package.json': JSON.stringify({ name: 'test-project', ...manifest }),
        ...ownFunction,
        [file]: source,
      });
      const { isConfigError, message } = (await runProgram(project, program)) as Refusal;
      assert.equal(isConfigError, true, message);
      assert.match(message, says);
      assert(message.includes(project.path(file)), message);
    });
  }
}
