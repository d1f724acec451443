import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, createRuntime, schedule } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';

const good = { cron: '0 3 * * *', invoke: 'cleanup' };

/** The issues that `schedule` finds, by path. */
function issuesOf(options: unknown): Record<string, string> {
  const { issues = [] } = schedule(options as never);
  return Object.fromEntries(issues.map(({ path, message }) => [path, message]));
}

test('a schedule knows its kind, its function and an id that other triggers do not change', () => {
  const { kind, id, functions, nextAt } = schedule(good);
  assert.deepEqual(
    { kind, id, functions, nextAt },
    { kind: 'schedule', id: '0 3 * * *:cleanup', functions: ['cleanup'], nextAt: undefined },
  );
  assert.equal(schedule({ ...good, cron: ' 0  3 * * * ' }).id, '0 3 * * *:cleanup');
  assert.equal(schedule({ ...good, timezone: 'UTC' }).id, '0 3 * * * UTC:cleanup');
  assert.equal(schedule({ ...good, id: 'nightly' }).id, 'nightly');
});

test('all mistakes are reported with all others of the configuration, each with what was found', async () => {
  const wrong = { invoke: '', missed: 'twice', overlap: true, attempts: 0, id: 5 };
  const triggers = [
    schedule(good),
    schedule({ ...wrong, cron: '0 25 * * *', timezone: 'Europe/Berlim', timezones: 'UTC' } as never),
    schedule({ ...good, cron: '61 * * * *', id: 'other' }),
    schedule(undefined as never),
    schedule(good),
  ];
  const error = await rejectionOf(createRuntime({ config: { pool: { max: 0 }, triggers } }), ConfigError);
  const pattern = 'expected a cron pattern of 5 fields such as "0 3 * * *", or 6 with seconds first, got';
  assert.deepEqual(
    error.issues.map(({ path, message }) => `${path}: ${message}`),
    [
      'pool.max: expected a whole number of at least 1, got 0 (number)',
      "triggers[1].invoke: expected the name of a function, got '' (string)",
      `triggers[1].missed: expected "skip" or "once", got 'twice' (string)`,
      'triggers[1].overlap: expected "skip", "queue" or "allow", got true (boolean)',
      'triggers[1].attempts: expected a whole number from 1 on, got 0 (number)',
      'triggers[1].id: expected a name, got 5 (number)',
      'triggers[1].timezones: there is no such option, did you mean "timezone"?',
      `triggers[1].cron: ${pattern} '0 25 * * *' (string): Invalid value for hour: 25`,
      `triggers[1].timezone: expected the name of a time zone such as "Europe/Berlin", got 'Europe/Berlim' (string), did you mean "Europe/Berlin"?`,
      `triggers[2].cron: ${pattern} '61 * * * *' (string): Invalid value for minute: 61`,
      'triggers[3]: expected an object with the options of `schedule`, got nothing',
      'triggers[4].id: triggers[0] has the id "0 3 * * *:cleanup" already: give one of them another `id`',
    ],
  );
});

const wrongPatterns: [cron: unknown, message: RegExp][] = [
  [undefined, /expected a cron pattern such as .*, got nothing$/],
  [5, /got 5 \(number\)$/],
  ['', /got '' \(string\)$/],
  ['* * * *', /it has 4 fields$/],
  ['daily', /it has 1 field$/],
  ['0 0 3 * * * 2030', /it has 7 fields$/],
  ['2030-01-01T00:00:00', /it has 1 field$/],
  ['0 3 * * MUN', /'0 3 \* \* MUN' \(string\): ./],
  ['5/5 * * * *', /: Syntax error/],
  ['@reboot', /: @reboot is not supported/],
  ['0 3 30 2 *', /there is no such day$/],
];
for (const [cron, message] of wrongPatterns) {
  test(`${JSON.stringify(cron) ?? 'nothing'} as a pattern is a mistake`, () => {
    const issues = issuesOf({ ...good, cron });
    assert.deepEqual(Object.keys(issues), ['cron']);
    assert.match(issues.cron ?? '', message);
  });
}

for (const cron of ['@daily', '*/5 * * * * *', '0 3 29 2 *', '0 12 * jan-mar MON#1', '0 9 L * *']) {
  test(`${cron} is a pattern`, () => {
    assert.deepEqual(issuesOf({ ...good, cron }), {});
  });
}

for (const timezone of ['Mars/Olympus', '', 5]) {
  test(`${JSON.stringify(timezone)} as a time zone is a mistake`, () => {
    assert.deepEqual(Object.keys(issuesOf({ ...good, timezone })), ['timezone']);
  });
}

test('a schedule with mistakes that is started all the same says what they are', async () => {
  for (const options of [
    { ...good, cron: 'never' },
    { ...good, attempts: 0 },
  ])
    await assert.rejects(schedule(options).start({} as never), ConfigError);
});

test('who only looks something up in a configuration does not load what reads the patterns', async (t) => {
  const project = makeProject(t);
  const loaded = await runProgram(
    project,
    `import { createRequire } from 'node:module';
     import { schedule } from 'warm-pool';
     const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((name) => name.includes('croner'));
     const trigger = schedule({ cron: '0 3 * * *', invoke: 'cleanup', timezone: 'Europe/Berlin' });
     const before = isLoaded();
     console.log(JSON.stringify([before, trigger.issues.length, isLoaded()]));`,
  );
  assert.deepEqual(loaded, [false, 0, true]);
});
