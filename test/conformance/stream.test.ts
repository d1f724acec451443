import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionNotFoundError, InvalidInputError, type InvokeOptions } from 'warm-pool';
import { runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { readAll, readToError, streams } from './support-stream.ts';

/** Each gives the numbers to `to`, and returns whether it is done where its kind can. */
const kinds = {
  'functions/async-generator.js': `
    export default async function* (to) { for (let index = 0; index < to; index++) yield index; return 'done'; }`,
  'functions/generator.js': `
    export default function* (to) { for (let index = 0; index < to; index++) yield index; return 'done'; }`,
  'functions/generator-of-promises.js': `
    export default function* (to) { for (let index = 0; index < to; index++) yield Promise.resolve(index); return 'done'; }`,
  'functions/later.js': `
    import generate from './async-generator.js';
    export default async (to) => generate(to);`,
  'functions/iterator.js': `
    export default (to) => {
      let index = 0;
      return { next: () => (index < to ? { value: index++ } : { done: true, value: 'done' }) };
    };`,
  'functions/async-iterable.js': `
    import generate from './async-generator.js';
    export default (to) => ({ [Symbol.asyncIterator]: () => generate(to) });`,
  'functions/defined.ts': `
    import { defineFunction } from 'warm-pool';
    import { z } from '${import.meta.resolve('zod')}';
    export default defineFunction({
      input: z.number(),
      handler: async function* (to) { for (let index = 0; index < to; index++) yield index; return 'done'; },
    });`,
  'functions/lambda.js': `
    import generate from './async-generator.js';
    export const handler = async (to) => generate(to);`,
};

const stream = {
  'functions/readable.js': `
    import { Readable } from 'node:stream';
    export default (parts) => Readable.from(parts);`,
};

testEach('what a function yields is read part by part, whatever kind of iterator it is', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, { ...kinds, ...stream });
  for (const to of [0, 1, 5, 300]) {
    const numbers = Array.from({ length: to }, (_, index) => index);
    for (const file of Object.keys(kinds)) {
      const name = file.replace(/functions.(.*)\.[jt]s/, '$1');
      assert.deepEqual(await readAll(runtime.stream(name, to)), [numbers, 'done'], `${name} of ${to}`);
      assert.deepEqual(await within('the array', runtime.invoke(name, to)), numbers, `${name} of ${to}`);
    }
    const texts = numbers.map(String);
    assert.deepEqual(await readAll(runtime.stream('readable', texts)), [texts, undefined]);
    assert.deepEqual(await within('the array', runtime.invoke('readable', texts)), texts);
  }
});

testEach('what is no iterator is the only part', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  const values = [1, 'text', [1, 2], new Map([[1, 2]]), new Set([1]), { next: 5 }, null, Buffer.from('ab')];
  for (const value of [...values, undefined]) {
    assert.deepEqual(await readAll(runtime.stream('echo', value)), [[value], undefined]);
    assert.deepEqual(await runtime.invoke('echo', value), value);
  }
});

testEach('parts arrive as they were when they were yielded', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    {
      'functions/values.js': `
        export default async function* () {
          const growing = { count: 0, seen: new Map() };
          for (; growing.count < 3; growing.count++) yield growing;
          yield undefined;
          yield { big: Buffer.alloc(300_000, 7), small: Buffer.from('s'), when: new Date(5), n: 5n };
          yield 'x'.repeat(500_000);
          yield Object.assign(new RangeError('no'), { code: 'E' });
          return new Set([1]);
        }`,
    },
  );
  const [parts, returned] = await readAll(runtime.stream('values'));
  const growing = (count: number) => ({ count, seen: new Map() });
  assert.deepEqual(parts.slice(0, 4), [growing(0), growing(1), growing(2), undefined]);
  assert.deepEqual(parts[4], {
    big: Buffer.alloc(300_000, 7),
    small: Buffer.from('s'),
    when: new Date(5),
    n: 5n,
  });
  assert.equal(parts[5], 'x'.repeat(500_000));
  const error = parts[6] as RangeError & { code: string };
  assert.deepEqual([error.name, error.message, error.code], ['RangeError', 'no', 'E']);
  assert.deepEqual(returned, new Set([1]));
});

testEach('a stream is the handle of its invocation', async (_t, open) => {
  const { runtime } = await open(
    { min: 1, max: 1 },
    {
      'functions/steps.js': `
        export default async function* ({ to }, { progress }) {
          for (let index = 0; index < to; index++) { progress(index / to); yield index; }
        }`,
    },
  );
  const handle = runtime.stream<number, undefined>('steps', { to: 2 });
  assert.match(handle.id, /^[0-9A-Z]{26}$/);
  assert.deepEqual([handle.functionName, handle.attempt, handle.report], ['steps', 1, undefined]);
  assert.equal('then' in handle, false);
  assert.equal(handle[Symbol.asyncIterator](), handle);
  assert.deepEqual(await readAll(handle), [[0, 1], undefined]);
  assert.equal(handle.status, 'succeeded');
  assert.equal(handle.report?.worker, runtime.stats().workers[0]?.id);
  const progress: unknown[] = [];
  for await (const value of handle.progress) progress.push(value);
  assert.deepEqual(progress, [0, 0.5]);
  handle.cancel('too late');
  assert.equal(handle.status, 'succeeded');
  assert.deepEqual(await handle.next(), { value: undefined, done: true });
  assert.equal(runtime.stats().functions.steps?.succeeded, 1);
});

testEach('parts that are asked for before they are there come in order', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, streams);
  const counting = runtime.stream<number, string>('count', { to: 100 });
  const steps = await within('all', Promise.all(Array.from({ length: 102 }, () => counting.next())));
  assert.deepEqual(
    steps.slice(0, 100).map(({ value }) => value),
    Array.from({ length: 100 }, (_, index) => index),
  );
  assert.deepEqual(steps.slice(100), [
    { value: 'all', done: true },
    { value: undefined, done: true },
  ]);
});

testEach('many small parts come fast', async (t, open) => {
  const { runtime } = await open({ max: 1 }, kinds);
  for (const name of ['generator', 'async-generator']) {
    const to = 50_000;
    const start = performance.now();
    let sum = 0;
    const read = async () => {
      for await (const part of runtime.stream<number>(name, to)) sum += part;
    };
    await within('all of them', read());
    t.diagnostic(`${Math.round((to / (performance.now() - start)) * 1_000)} parts a second of ${name}`);
    assert.equal(sum, (to * (to - 1)) / 2);
  }
});

testEach('a part is there while the function computes what comes after it', async (_t, open) => {
  const { runtime } = await open(
    { max: 1, killGrace: 10 },
    {
      'functions/spin-after.js': `
        export default function* (parts) {
          for (let index = 0; index < parts; index++) yield index;
          for (;;);
        }`,
    },
  );
  for (const parts of [1, 2, 10]) {
    const spinning = runtime.stream<number>('spin-after', parts);
    for (let index = 0; index < parts; index++) {
      assert.deepEqual(await within('a part', spinning.next()), { value: index, done: false });
    }
    assert.equal(spinning.status, 'running');
    await spinning.return();
  }
});

test('what is wrong with a stream is told to its reader, once, and nothing is thrown', async (t) => {
  const { runtime } = await runProject(t, { ...streams, ...kinds });
  const options = (value: unknown) => runtime.stream('count', {}, value as InvokeOptions);
  assert((await readToError(runtime.stream('cuont')))[1] instanceof FunctionNotFoundError);
  assert((await readToError(runtime.stream('defined', 'five')))[1] instanceof InvalidInputError);
  assert.match((await readToError(options({ tiemout: 5 })))[1].message, /`stream` has no option `tiemout`/);
  assert.match((await readToError(options({ timeout: 'soon' })))[1].message, /the `timeout` option to be/);
  assert.match((await readToError(runtime.stream(5 as never)))[1].message, /the name of a function, got 5/);
  const [, error] = await readToError(runtime.stream('count', { bytes: () => 5 }));
  assert.equal((error as { path?: string }).path, 'args.bytes');
  assert.equal(runtime.stats().running, 0);
});
