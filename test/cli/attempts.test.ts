import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makePoolProject, runPool, startService } from '../support/cli.ts';
import type { Project } from '../support/project.ts';

const files = {
  // Fails as long as the attempt is below `from`, and would be tried twice by itself.
  'functions/flaky.mjs': `
    export default ({ from, name }, { attempt }) => {
      if (attempt < Number(from)) throw new Error('attempt ' + attempt + ' failed');
      return { name, attempt };
    };
    export const config = { retry: { attempts: 2, backoff: 1 } };`,
};

const json = (value: unknown) => JSON.stringify(value);

for (const isAttached of [false, true]) {
  describe(isAttached ? 'with a running `pool start`' : 'with a runtime of its own', () => {
    const cleanups: (() => unknown)[] = [];
    let project: Project;

    before(async () => {
      project = makePoolProject({ after: (callback) => cleanups.push(callback) }, files);
      if (isAttached) await startService({ after: (callback) => cleanups.unshift(callback) }, project);
    });
    after(async () => {
      for (const cleanup of cleanups) await cleanup();
    });

    const flaky = (from: number, ...more: string[]) => ['invoke', 'flaky', '--args', json({ from }), ...more];

    test('--attempts takes the place of the retry of the function', async (t) => {
      const { code, stdout, stderr } = await runPool(t, project, flaky(3, '--attempts', '3'));
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), { attempt: 3 });
      assert.match(stderr, /^REPORT flaky .* attempt 3 /m);
    });

    test('without it the function has its own', async (t) => {
      const twice = await runPool(t, project, flaky(2, '--json'));
      assert.equal(JSON.parse(twice.stdout).attempt, 2);
      const thrice = await runPool(t, project, flaky(3));
      assert.equal(thrice.code, 1);
      assert.match(thrice.stderr, /^pool: Function "flaky" failed: attempt 2 failed\./m);
    });

    test('--attempts 1 is one and no more', async (t) => {
      const { code, stdout } = await runPool(t, project, flaky(2, '--attempts', '1', '--json'));
      assert.equal(code, 1);
      assert.equal(JSON.parse(stdout).error.cause.message, 'attempt 1 failed');
      assert.equal(JSON.parse(stdout).attempt, undefined);
    });

    test('pool map tries each item so often', async (t) => {
      const items = [1, 2].map((from) => json({ from, name: `item ${from}` }));
      const { code, stdout, stderr } = await runPool(t, project, [
        'map',
        'flaky',
        ...items,
        '--attempts',
        '2',
      ]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
        [
          { name: 'item 1', attempt: 1 },
          { name: 'item 2', attempt: 2 },
        ],
      );
    });
  });
}
