import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../support/project.ts';
import { examplesReadme, startExample } from '../support/run-example.ts';
import { within } from '../support/wait.ts';

const json = async (url: string) => (await fetch(url)).json();

/** Of `after`: `before` would be busy with it until it is killed. */
const withoutEnd = 1e12;

describe('the Express app', () => {
  for (const name of ['before', 'after']) {
    test(`answers ${name} its route was moved`, async (t) => {
      const example = startExample(t, `express/${name}.ts`);
      const [, url] = await example.says(/^listening on (http:\S+)\n/);
      assert.deepEqual(await json(`${url}/primes/100000`), { below: 100_000, primes: 9592 });
      assert.deepEqual(await json(`${url}/health`), { ok: true });
      example.interrupt();
      assert.equal((await example.ended).stderr, '');
      await example.untilNothingIsLeft();
    });
  }

  test('answers another route while the one that was moved computes', async (t) => {
    const example = startExample(t, 'express/after.ts');
    const [, url] = await example.says(/^listening on (http:\S+)\n/);
    const left = new AbortController();
    const computing = fetch(`${url}/primes/${withoutEnd}`, { signal: left.signal }).then(
      () => 'answered',
      () => 'left',
    );
    // Most of them come when it computes.
    for (let time = 0; time < 20; time++)
      assert.deepEqual(await within('an answer of /health', json(`${url}/health`)), { ok: true });
    left.abort();
    assert.equal(await computing, 'left');
    example.interrupt();
    await example.ended;
    await example.untilNothingIsLeft();
  });

  test('is compared before and after', async (t) => {
    const example = startExample(t, 'express/compare.ts');
    const { code, stdout, stderr } = await example.ended;
    assert.deepEqual([code, stderr], [0, '']);
    for (const name of ['before', 'after'])
      assert.match(
        stdout,
        new RegExp(
          `^${name} +/primes took \\d+ ms; meanwhile /health answered \\d+ times, the slowest in \\d+ ms$`,
          'm',
        ),
      );
    await example.untilNothingIsLeft();
  });

  test('was changed as the README shows', () => {
    const [, shown] = /^```diff\n(.*?)^```$/ms.exec(examplesReadme) ?? [];
    const [before, after] = ['before', 'after'].map((name) =>
      fs.readFileSync(path.join(repository, 'examples', 'express', `${name}.ts`), 'utf8').split('\n'),
    ) as [string[], string[]];
    const marked = (mark: string) =>
      (shown ?? '').split('\n').flatMap((line) => (line.startsWith(mark) ? [line.slice(1)] : []));
    assert.deepEqual(
      marked('-'),
      before.filter((line) => !after.includes(line)),
    );
    assert.deepEqual(
      marked('+'),
      after.filter((line) => !before.includes(line)),
    );
    assert.deepEqual(
      marked(' ').filter((line) => !after.includes(line)),
      [],
    );
  });
});
