import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { makePoolProject, poolCommand, runPool } from '../support/cli.ts';
import { within } from '../support/wait.ts';

// Linux has a device that is always full.
const skip = existsSync('/dev/full') ? false : 'needs /dev/full';

test('an answer that can not be written is told in one paragraph, with exit code 1', { skip }, async (t) => {
  const project = makePoolProject(t);
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  for (const args of [['invoke', 'nested/name'], ['invoke', 'nested/name', '--json'], ['list'], ['--help']]) {
    const child = spawn(process.execPath, [poolCommand, ...args], {
      cwd: project.root,
      stdio: ['ignore', full, 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    assert.equal(await within(`the end of \`pool ${args.join(' ')}\``, ended), 1, stderr);
    const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('REPORT'));
    assert.equal(lines.length, 1, stderr);
    assert.match(lines[0] ?? '', /^pool: The output could not be written: no space is left .*ENOSPC/);
  }
});

const thrown: [name: string, code: string, message: RegExp][] = [
  [
    'an Error without a message',
    'throw new Error()',
    /failed: it threw an Error that has no message\. It was/,
  ],
  ['another one', 'throw new TypeError()', /failed: it threw a TypeError that has no message\. It was/],
  [
    'an AggregateError',
    "throw new AggregateError([new Error('one'), new TypeError('two')])",
    /failed: AggregateError: one; TypeError: two\. It was thrown at .* --verbose to see the stack\.$/m,
  ],
  [
    'an AggregateError with a message',
    "throw new AggregateError([new Error('one')], 'all in vain')",
    /failed: AggregateError: all in vain: one\./,
  ],
  ['an object without a prototype', 'throw Object.create(null)', /failed: it threw \{\}\.$/m],
  [
    'an object',
    'throw { status: 404, inner: { deep: 1 } }',
    /it threw \{ status: 404, inner: \{ deep: 1 \} \}\.$/m,
  ],
  ['a text', "throw 'no'", /failed: it threw "no"\.$/m],
  ['nothing', 'throw undefined', /failed: it threw undefined\.$/m],
];

for (const [name, code, message] of thrown) {
  test(`a function that throws ${name} is told in words`, async (t) => {
    const project = makePoolProject(t, { 'functions/fails.js': `export default () => { ${code}; };` });
    const { stderr } = await runPool(t, project, ['invoke', 'fails']);
    assert.match(stderr, message);
  });
}

test('--json has no stacks unless they are asked for, and nothing undefined', async (t) => {
  const project = makePoolProject(t, {
    'functions/fails.js': `
      export default () => {
        const nested = { gone: undefined, kept: { gone: undefined, list: [{ gone: undefined }] } };
        throw Object.assign(new Error('outer', { cause: new AggregateError([new Error('inner')], 'middle') }), {
          gone: undefined, nested, map: new Map([[1, 2]]),
        });
      };`,
  });
  const errorOf = async (...more: string[]) => {
    const { stdout } = await runPool(t, project, ['invoke', 'fails', '--json', ...more]);
    return JSON.parse(stdout).error;
  };
  const { invocationId, ...error } = await errorOf();
  assert.deepEqual(error, {
    name: 'FunctionError',
    code: 'FUNCTION_FAILED',
    message: 'Function "fails" failed: outer',
    functionName: 'fails',
    cause: {
      name: 'Error',
      message: 'outer',
      properties: { nested: { kept: { list: [{}] } }, map: 'Map(1) { 1 => 2 }' },
      cause: { name: 'AggregateError', message: 'middle', errors: [{ name: 'Error', message: 'inner' }] },
    },
  });
  const verbose = await errorOf('--verbose');
  assert.match(verbose.cause.stack, /fails\.js:4:/);
  assert.match(verbose.cause.cause.errors[0].stack, /fails\.js:4:/);
  assert.equal(verbose.stack, undefined);
});

test('a function that can not be loaded is listed and described without its stack, unless that is asked for', async (t) => {
  const project = makePoolProject(t, { 'functions/broken.js': "throw new Error('not today');" });
  const stack = /\n +at .*broken\.js:1:/;
  const tell = async (...args: string[]) => (await runPool(t, project, args)).stdout;
  const listed = async (...more: string[]) => {
    const functions: { name: string; error?: object }[] = JSON.parse(await tell('list', '--json', ...more));
    return functions.find(({ name }) => name === 'broken')?.error as { stack?: string } | undefined;
  };
  assert.deepEqual(await listed(), { name: 'Error', message: 'not today' });
  assert.match((await listed('--verbose'))?.stack ?? '', stack);

  assert.equal(JSON.parse(await tell('describe', 'broken', '--json')).error.stack, undefined);
  assert.match(JSON.parse(await tell('describe', 'broken', '--json', '--verbose')).error.stack, stack);

  const described = await tell('describe', 'broken');
  assert.match(
    described,
    /^It can't be loaded: not today\. It was thrown at functions\/broken\.js:1:\d+\. /m,
  );
  assert.match(described, /Run it again with --verbose to see the stack\.$/m);
  assert.doesNotMatch(described, stack);
  assert.match(await tell('describe', 'broken', '--verbose'), stack);
});

const brokenPhotos: [what: string, content: Uint8Array | undefined, place: RegExp][] = [
  ['is missing', undefined, /at (?:async )?openForReading .*read-photo\.js/],
  ['has no picture', Buffer.from('ffd8ffd9', 'hex'), /at parseJpegHeader .*jpeg-segments\.js/],
  ['is empty', Buffer.alloc(0), /at (?:async )?readPhoto .*read-photo\.js/],
];

for (const [what, content, place] of brokenPhotos) {
  test(`the stack of a photo that ${what} begins where that was found`, async (t) => {
    const project = makePoolProject(t, {
      'pool.config.mjs': "export default { functions: 'warm-pool/functions' };",
      ...(content && { 'a.jpg': content }),
    });
    const args = ['invoke', 'thumbnail', '--args', '{"src":"a.jpg"}', '--json', '--verbose'];
    const { cause } = JSON.parse((await runPool(t, project, args)).stdout).error;
    const [message, first] = cause.stack.split('\n');
    assert.equal(message, `ThumbnailError: ${cause.message}`);
    assert.match(message, /^ThumbnailError: Cannot make thumbnails of "a\.jpg": /);
    assert.match(first, place);
  });
}
