import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeBoth } from '../support/both-runtimes.ts';
import { makePoolProject, runPool, startPool } from '../support/cli.ts';
import { until } from '../support/wait.ts';

const files = {
  // Later items are faster, and each notes that it began.
  'functions/slow.mjs': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async ({ ms, file }) => {
      if (file) fs.appendFileSync(new URL('../begun', import.meta.url), file + ';');
      await setTimeout(Number(ms));
      return ms;
    };`,
};

const lines = (text: string) => text.split('\n').slice(0, -1);

describeBoth('pool map', files, (project, _isAttached) => {
  test('items that are text come under their key, results in the order of the items', async (t) => {
    const run = await runPool(t, project, ['map', 'slow', '300', '100', '1', '--as', 'ms']);
    assert.deepEqual(lines(run.stdout), ['"300"', '"100"', '"1"'], run.stderr);
    assert.match(run.stderr, /^MAP slow 3 items {2}3 done {2}0 failed {2}duration .*s$/m);
    assert.equal(run.code, 0);
  });

  test('items that are JSON are the arguments', async (t) => {
    const run = await runPool(t, project, ['map', 'greet', '{"name":"Ada"}', '{"name":"Bob"}']);
    assert.deepEqual(lines(run.stdout), ['"Hello Ada!"', '"Hello Bob!"']);
    assert.equal(run.code, 0);
  });

  test('items from standard input, many of them, a few at a time', async (t) => {
    const names = Array.from({ length: 500 }, (_, index) => `Ada ${index}`);
    const input = `\uFEFF${names.join('\r\n')}\n\n`;
    const run = await runPool(t, project, ['map', 'greet', '-', '--as', 'name', '--concurrency', '4'], {
      input,
    });
    assert.deepEqual(
      lines(run.stdout),
      names.map((name) => `"Hello ${name}!"`),
      run.stderr,
    );
    assert.match(run.stderr, /500 items {2}500 done/);
  });

  test('an item that fails is told by its name, the others are done, and the exit code is 1', async (t) => {
    const items = ['{"name":"Ada"}', '{"nome":"Bob"}', '{"name":"Eve"}'];
    const run = await runPool(t, project, ['map', 'greet', ...items]);
    assert.deepEqual(lines(run.stdout), ['"Hello Ada!"', '"Hello Eve!"']);
    assert.match(
      run.stderr,
      /^pool: \{"nome":"Bob"\}: The arguments of "greet" are not valid: name: expected/m,
    );
    assert.match(run.stderr, /3 items {2}2 done {2}1 failed/);
    assert.equal(run.code, 1);
  });

  test('--json has one object for each item, failed or not', async (t) => {
    const run = await runPool(t, project, ['map', 'greet', '{"name":"Ada"}', '{}', '--json']);
    const [first, second] = lines(run.stdout).map((line) => JSON.parse(line));
    assert.deepEqual([first.item, first.ok, first.result], [{ name: 'Ada' }, true, 'Hello Ada!']);
    assert.deepEqual([second.item, second.ok, second.error.code], [{}, false, 'INVALID_INPUT']);
    assert.equal(run.code, 1);
  });

  test('--json has an item as it was named: the text with --as; a result that is nothing is left out', async (t) => {
    const run = await runPool(t, project, ['map', 'values', 'nothing', 'map', '--as', 'name', '--json']);
    const [nothing, map] = lines(run.stdout).map((line) => JSON.parse(line));
    assert.deepEqual([nothing.item, nothing.ok, 'result' in nothing], ['nothing', true, false]);
    assert.deepEqual([map.item, map.result, map.resultFormat], ['map', "Map(1) { 'a' => 1 }", 'inspect']);
  });

  test('each result is one line, also nothing and what JSON can not carry', async (t) => {
    const items = ['nothing', 'map', 'text'];
    const run = await runPool(t, project, ['map', 'values', ...items, '--as', 'name']);
    assert.deepEqual(lines(run.stdout), ['null', `"Map(1) { 'a' => 1 }"`, '"two\\nlines"']);
  });

  test('a function that does not exist ends it at the first item', async (t) => {
    const run = await runPool(t, project, ['map', 'ecko', ...Array(50).fill('1')]);
    assert.equal(run.stdout, '');
    assert.equal(run.stderr.match(/did you mean "echo"/g)?.length, 1, run.stderr);
    assert.equal(run.code, 2);
  });

  test('a reader that leaves ends it: nothing more is run, with exit code 141', async (t) => {
    const input = '{"name":"Ada"}\n'.repeat(1_000_000);
    const run = startPool(t, project, ['map', 'greet', '-'], { input });
    run.child.stdout?.once('data', () => run.child.stdout?.destroy());
    const { code, stderr } = await run.ended;
    assert.doesNotMatch(stderr, /EPIPE|^pool: |at .*\(/m);
    const [, ended] = /^MAP greet (\d+) items /m.exec(stderr) ?? [];
    assert.ok(Number(ended) > 0 && Number(ended) < 500_000, stderr);
    assert.equal(code, 141);
    await run.untilNothingIsLeft();
  });

  test('a reader that leaves cancels what still runs', async (t) => {
    const run = startPool(t, project, ['map', 'slow', '{"ms":1}', '{"ms":600000}', '{"ms":600000}']);
    run.child.stdout?.destroy();
    assert.equal((await run.ended).code, 141);
    await run.untilNothingIsLeft();
  });

  test('Ctrl-C cancels what runs and takes up nothing more', async (t) => {
    const items = Array.from({ length: 50 }, (_, index) =>
      JSON.stringify({ ms: 600_000, file: `i${index}` }),
    );
    const run = startPool(t, project, ['map', 'slow', ...items, '--concurrency', '2']);
    await until('the first', () => project.has('begun'));
    run.interrupt();
    const { code, stdout, stderr } = await run.ended;
    assert.match(
      stderr,
      /^pool: The iteration was cancelled: interrupted by SIGINT\.\nMAP slow 0 items {2}0 done /m,
    );
    assert.equal(stdout, '');
    assert.equal(code, 130);
  });
});

const mistakes: [string[], RegExp][] = [
  [['map'], /function/],
  [
    ['map', 'echo'],
    /There are no items: name them after the function, or read them from standard input with `-`/,
  ],
  [['map', 'echo', '1', 'photo.jpg'], /Expected item 2 to be JSON, but .* With --as KEY items are text/],
  [['map', 'echo', '1', '-'], /`-` reads all items from standard input: it stands alone/],
  [
    ['map', 'echo', '1', '--concurrency', '0'],
    /Expected --concurrency to be a whole number of at least 1, got "0"/,
  ],
  [['map', 'echo', '1', '--timeout', 'soon'], /Expected --timeout to be a number of ms/],
  [['map', 'echo', '1', '--as', 'a', '--as', 'b'], /--as is given 2 times/],
];

test('a mistake in the command line is told before anything runs', async (t) => {
  const project = makePoolProject(t, files);
  for (const [args, message] of mistakes) {
    const run = await runPool(t, project, args);
    assert.match(run.stderr, message);
    assert.deepEqual([run.code, run.stdout], [2, ''], args.join(' '));
  }
});

test('a line of standard input that is no JSON is told by its number, after what came before it', async (t) => {
  const project = makePoolProject(t, files);
  const run = await runPool(t, project, ['map', 'greet', '-'], {
    input: '{"name":"Ada"}\nBob\n{"name":"Eve"}\n',
  });
  assert.deepEqual(lines(run.stdout), ['"Hello Ada!"']);
  assert.match(run.stderr, /Expected line 2 of standard input to be JSON/);
  assert.equal(run.code, 2);
});
