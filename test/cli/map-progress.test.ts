import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makePoolProject, runPool } from '../support/cli.ts';
import { openTerminal, skippedWithoutTerminal, type Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';

const skip = skippedWithoutTerminal;

const files = {
  'functions/work.js': `
    import { setTimeout } from 'node:timers/promises';
    export default async ({ n }, ctx) => {
      await setTimeout(100, undefined, { signal: ctx.signal });
      if (n.startsWith('bad')) throw new Error(n + ' is no number');
      return { n };
    };`,
};

// Each second one is done at once, and its result comes with that of the one before it.
const inPairs = `
  export default async ({ n }) => {
    if (n % 2 === 1) await new Promise((resolve) => setTimeout(resolve, 400));
    return { n };
  };`;

const numbers = Array.from({ length: 20 }, (_, index) => String(index + 1));
const results = numbers.map((n) => `{"n":"${n}"}`);
const onWork = (items: readonly string[]) => ['map', 'work', ...items, '--as', 'n', '--concurrency', '2'];

const bar = /^work {2}█*░* {2}\d+\/20 {2}\d+\.\d items\/s {2}\d+ s left$/;

// Twenty are done in a second, in which a busy machine may get to nothing else.
const many = Array.from({ length: 1_000 }, (_, index) => String(index + 1));
const barOfMany = /^work {2}█*░* {2}\d+\/1,000 {2}\d+\.\d items\/s {2}\d+ (?:s|min) left$/;

/** What Ctrl-C leaves. */
const interrupted = [
  'pool: The iteration was cancelled: interrupted by SIGINT.',
  /^MAP work \d+ items {2}\d+ done/,
];

/** Nothing is left of the bar, nor of what it changed. */
function assertClean({ screen }: Terminal, lines: readonly (string | RegExp)[]): void {
  const found = screen.lines;
  for (const [index, line] of lines.entries()) {
    if (typeof line === 'string') assert.equal(found[index], line, found.join('\n'));
    else assert.match(found[index] ?? '', line, found.join('\n'));
  }
  assert.equal(found.length, lines.length, found.join('\n'));
  assert.deepEqual(screen.cursor, { row: found.length, column: 0 });
  assert.ok(screen.isCursorVisible);
}

const esc = '\u001b';

const summary = (done: number, failed: number) =>
  new RegExp(`^MAP work ${done + failed} items {2}${done} done {2}${failed} failed {2}duration \\S+ \\S+$`);

test('pool map shows a bar below its results, and nothing of it is left', { skip }, async (t) => {
  const terminal = openTerminal(t, makePoolProject(t, files), onWork(numbers));
  assert.equal(await terminal.ended, 0);
  assertClean(terminal, [...results, summary(20, 0)]);
  const shown = terminal.screen.erased.filter((line) => bar.test(line));
  assert.ok(shown.length > 3, terminal.screen.erased.join('\n'));
});

test('results go to a file as they are, with the bar on the terminal, also with --json', {
  skip,
}, async (t) => {
  const project = makePoolProject(t, files);
  for (const [options, lineOf] of [
    [[], (line: string) => line],
    [['--json'], (line: string) => JSON.stringify(JSON.parse(line).result)],
  ] as const) {
    const terminal = openTerminal(t, project, [...onWork(numbers), ...options], { after: '> results' });
    assert.equal(await terminal.ended, 0);
    const written = readFileSync(project.path('results'), 'utf8').split('\n').slice(0, -1);
    assert.deepEqual(written.map(lineOf), results);
    assertClean(terminal, [summary(20, 0)]);
    assert.ok(terminal.screen.erased.some((line) => bar.test(line)));
  }
});

test('what a program behind a pipe prints on the same terminal is whole', { skip }, async (t) => {
  const items = ['400', '500', '600', '700', '800'];
  const project = makePoolProject(t, {
    'functions/waits.js': `
      export default async ({ ms }) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return ms;
      };`,
  });
  const args = ['map', 'waits', ...items, '--as', 'ms', '--concurrency', '1'];
  const terminal = openTerminal(t, project, args, { after: '| cat' });
  await terminal.ended;
  const ended = [...items.map((ms) => `"${ms}"`), /^MAP waits 5 items {2}5 done/];
  // The closing line follows at once: where `cat` gets no turn in between, it stands above the last result.
  const isLate = terminal.screen.lines.at(-1) === ended.at(-2);
  assertClean(terminal, isLate ? [...ended.slice(0, -2), ...ended.slice(-2).reverse()] : ended);
  assert.ok(terminal.screen.erased.some((line) => /^waits {2}█/.test(line)));
});

test('that holds also when several results come at once', { skip }, async (t) => {
  const args = ['map', 'work', ...numbers, '--as', 'n', '--concurrency', '2'];
  const terminal = openTerminal(t, makePoolProject(t, { 'functions/work.js': inPairs }), args, {
    after: '| cat',
  });
  await terminal.ended;
  const { lines, erased } = terminal.screen;
  const whole = results.filter((result) => lines.includes(result));
  // Where `cat` gets no turn for long, the bar is drawn before it has printed.
  assert.ok(whole.length > 15, lines.join('\n'));
  assert.ok(erased.some((line) => /^work {2}█/.test(line)));
});

test('the bar counts what failed, and errors stand above it', { skip }, async (t) => {
  const items = ['bad 1', ...numbers.slice(0, 8), 'bad 2', ...numbers.slice(8, 18)];
  const terminal = openTerminal(t, makePoolProject(t, files), onWork(items), { columns: 300 });
  assert.equal(await terminal.ended, 1);
  const error = (item: string) =>
    new RegExp(`^pool: ${item}: Function "work" failed: ${item} is no number\\. It was thrown at .*$`);
  assertClean(terminal, [
    error('bad 1'),
    ...results.slice(0, 8),
    error('bad 2'),
    ...results.slice(8, 18),
    summary(18, 2),
  ]);
  for (const failed of ['1 failed', '2 failed'])
    assert.ok(
      terminal.screen.erased.some((line) => /^work {2}█/.test(line) && line.endsWith(`  ${failed}`)),
      failed,
    );
});

test('of items from standard input the line tells how many are done, and how fast', { skip }, async (t) => {
  const terminal = openTerminal(t, makePoolProject(t, files), onWork(['-']), { before: 'seq 20 |' });
  assert.equal(await terminal.ended, 0);
  assertClean(terminal, [...results, summary(20, 0)]);
  const line = /^work {2}\d+ items {2}\d+\.\d items\/s$/;
  assert.ok(
    terminal.screen.erased.some((each) => line.test(each)),
    terminal.screen.erased.join('\n'),
  );
});

test('items that are typed are not disturbed by a line', { skip }, async (t) => {
  const terminal = openTerminal(t, makePoolProject(t, files), onWork(['-']));
  terminal.type('1\n2\n');
  await terminal.shows(/^\{"n":"2"\}$/);
  terminal.type('\x04');
  assert.equal(await terminal.ended, 0);
  assert.deepEqual(terminal.screen.erased, []);
});

test('on a terminal of 20 columns the line has what fits', { skip }, async (t) => {
  const items = [...numbers.slice(0, 18), 'bad 1', '20'];
  const terminal = openTerminal(t, makePoolProject(t, files), onWork(items), { columns: 20 });
  assert.equal(await terminal.ended, 1);
  const { lines, erased, cursor } = terminal.screen;
  assert.deepEqual(lines.slice(0, 18), results.slice(0, 18));
  const rest = lines.slice(18).join('');
  assert.match(rest, /^pool: bad 1: Function .*\{"n":"20"\}MAP work 20 items {2}19 done/);
  assert.equal(cursor.column, 0);
  assert.ok(
    erased.some((line) => /^\d+\/20 {2}\d+ s left$/.test(line)),
    erased.join('\n'),
  );
  assert.ok(erased.every((line) => line.length < 20));
});

test('a terminal that is made narrower has no remains of the bar', { skip }, async (t) => {
  const terminal = openTerminal(t, makePoolProject(t, files), onWork(many), { after: '> results' });
  await terminal.shows(barOfMany);
  terminal.resize(30);
  await terminal.shows(/^work {2}\d+\/1,000 {2}\d+ (?:s|min) left$/);
  terminal.resize(100);
  const before = terminal.screen.erased.length;
  await until('the bar again', () =>
    terminal.screen.erased.slice(before).some((line) => barOfMany.test(line)),
  );
  terminal.type('\x03');
  assert.equal(await terminal.ended, 130);
  assertClean(terminal, interrupted);
});

test('Ctrl-C leaves nothing of the bar, and a terminal as it was', { skip }, async (t) => {
  const terminal = openTerminal(t, makePoolProject(t, files), onWork(many), { after: '> results' });
  await terminal.shows(barOfMany);
  terminal.type('\x03');
  assert.equal(await terminal.ended, 130);
  assertClean(terminal, interrupted);
});

test('what else is printed stands above the bar, also what ends the program', { skip }, async (t) => {
  // Node prints the line that throws, which is shorter than the bar.
  const project = makePoolProject(t, {
    ...files,
    'pool.config.ts': `
      import fs from 'node:fs';
      const when = (file: string, what: () => void) => {
        const timer = setInterval(() => {
          if (!fs.existsSync(file)) return;
          clearInterval(timer);
          what();
        }, 20);
      };
      when('print', () => console.log('from the configuration'));
      when('warn', () => process.emitWarning('that is old', { detail: 'two lines' }));
      const broken = new Error('out of order');
      when('die', () => {
throw broken;
      });
      export default { pool: { max: 2 } };
    `,
  });
  const items = Array.from({ length: 2_000 }, (_, index) => String(index));
  const terminal = openTerminal(t, project, onWork(items), { after: '> results' });
  for (const [file, line] of [
    ['print', /^from the configuration$/],
    ['warn', /^two lines$/],
    ['die', /out of order/],
  ] as const) {
    terminal.screen.erased.length = 0;
    await terminal.shows(/^work {2}█*░* /);
    project.write(file, '');
    await terminal.shows(line);
  }
  assert.equal(await terminal.ended, 1);
  const { lines } = terminal.screen;
  assert.equal(lines[0], 'from the configuration');
  assert.match(lines[1] ?? '', /^\(node:\d+\) Warning: that is old$/);
  assert.equal(lines[2], 'two lines');
  assert.doesNotMatch(lines.join('\n'), /█|░|items/);
});

test('without colours the bar has none, and a dumb terminal has no bar', { skip }, async (t) => {
  const project = makePoolProject(t, files);
  const args = onWork(['bad 1', ...numbers.slice(1)]);
  const plain = openTerminal(t, project, args, { env: { NO_COLOR: '1' } });
  const dumb = openTerminal(t, project, args, { env: { TERM: 'dumb' } });
  await Promise.all([plain.ended, dumb.ended]);
  assert.ok(plain.screen.erased.some((line) => line.endsWith('1 failed')));
  assert.doesNotMatch(plain.written, new RegExp(`${esc}\\[[\\d;]*m`));
  assert.ok(!dumb.written.includes(esc), dumb.written);
});

test('where stderr is no terminal there is no bar', async (t) => {
  const run = await runPool(t, makePoolProject(t, files), onWork(['bad 1', ...numbers.slice(1)]));
  assert.match(run.stderr, /^pool: bad 1: .*\nMAP work 20 items.*\n$/);
  assert.ok(!run.stderr.includes(esc), run.stderr);
  assert.deepEqual(run.stdout.split('\n').slice(0, -1), results.slice(1));
});
