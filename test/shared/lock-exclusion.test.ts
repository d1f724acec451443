import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Shared } from 'warm-pool';
import { runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, usesUntilQuick, work } from './support.ts';

const times = 300;
const longMs = 300_000;

/** Adds to the number in a file, as somebody who doesn't know of others. */
async function add(
  shared: Shared,
  { file, times }: { file: string; times: number },
  { fs }: Pick<Tools, 'fs'>,
) {
  const lock = shared.lock('number');
  for (let time = 0; time < times; time++) {
    await lock.run(() => fs.writeFileSync(file, String(Number(fs.readFileSync(file, 'utf8')) + 1)));
  }
}

testShared('eight invocations that add to a number in a file lose nothing', 8, async (test) => {
  const file = test.project.path('number');
  fs.writeFileSync(file, '0');
  const adding = Array.from({ length: 8 }, () => work(test, add, { file, times }));
  await within('all of them', Promise.all(adding), longMs);
  assert.equal(Number(fs.readFileSync(file, 'utf8')), 8 * times);
});

testShared('nor do they when the program takes part', 4, async (test) => {
  const file = test.project.path('number');
  fs.writeFileSync(file, '0');
  const adding = Array.from({ length: 4 }, () => work(test, add, { file, times }));
  const own = add(test.shared, { file, times }, { fs });
  await within('all of them', Promise.all([...adding, own]), longMs);
  assert.equal(Number(fs.readFileSync(file, 'utf8')), 5 * times);
});

test('nor do eight parts of the program alone', async (t) => {
  const { runtime } = await runProject(t, { 'functions/none.js': 'export default () => {};' });
  let number = 0;
  const lock = runtime.shared.lock('number');
  const adding = Array.from({ length: 8 }, async () => {
    for (let time = 0; time < times; time++) {
      await lock.run(async () => {
        const before = number;
        await nextTurn();
        number = before + 1;
      });
    }
  });
  await within('all of them', Promise.all(adding), longMs);
  assert.equal(number, 8 * times);
});

testShared('who asks first has the lock first, in workers and in the program', 4, async (test) => {
  const { shared, project } = test;
  const file = project.path('order');
  const held = await shared.lock('door').acquire();
  const all: Promise<unknown>[] = [];
  const expected: string[] = [];
  for (const who of ['worker a', 'program a', 'worker b', 'session', 'worker c', 'program b', 'worker d']) {
    expected.push(who);
    if (who.startsWith('worker')) {
      const waiting = work(test, waitInLine, { file, who });
      assert.equal(await stepsOf(waiting)(), 'asked');
      all.push(waiting);
    } else {
      const place = who === 'session' ? shared.session(who) : shared;
      all.push(place.lock('door').run(() => fs.appendFileSync(file, `${who};`)));
    }
  }
  held.release();
  await within('all of them', Promise.all(all));
  assert.deepEqual(fs.readFileSync(file, 'utf8').split(';').slice(0, -1), expected);
});

async function waitInLine(shared: Shared, { file, who }: { file: string; who: string }, { ctx, fs }: Tools) {
  const had = shared.lock('door').acquire();
  ctx.progress('asked');
  const held = await had;
  fs.appendFileSync(file, `${who};`);
  held.release();
}

testShared('one that takes a lock again and again does not keep others from it', 2, async (test) => {
  const end = test.project.path('enough');
  const busy = work(
    test,
    async (shared, { uses, end }, { ctx, fs }) => {
      const lock = shared.lock('door');
      for (let use = 0; ; use++) {
        (await lock.acquire()).release();
        if (use === uses) ctx.progress('is quick');
        // A message would be a pause in which others have it.
        if (use > uses && use % 100 === 0 && fs.existsSync(end)) return use;
      }
    },
    { uses: usesUntilQuick, end },
  );
  await stepsOf(busy)();
  const others = work(test, async (shared) => {
    for (let time = 0; time < 20; time++) (await shared.lock('door').acquire({ timeout: '20s' })).release();
  });
  await within('the others', others);
  for (let time = 0; time < 20; time++)
    (await within('the program', test.shared.lock('door').acquire())).release();
  fs.writeFileSync(end, '');
  await within('the busy one', busy);
});
