import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { InvalidInputError } from 'warm-pool';
import { z } from 'zod';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { repository } from '../support/project.ts';

// By its file: a test project has no node_modules of its own to find it in.
const zod = JSON.stringify(pathToFileURL(path.join(repository, 'node_modules/zod/index.js')).href);

const withZod = `
  import { defineFunction } from 'warm-pool';
  import { z } from ${zod};
  export default defineFunction({
    description: 'Scales numbers',
    input: z.object({
      values: z.array(z.number().max(100)).min(1),
      by: z.number().default(2),
      label: z.string().transform((text) => text.toUpperCase()).optional(),
    }),
    handler: ({ values, by, label }) => ({ scaled: values.map((value) => value * by), label }),
  });`;

test('a zod schema checks the input, fills in defaults and transforms', async (t) => {
  const { runtime } = await runProject(t, { 'functions/scale.ts': withZod });
  assert.equal(infoOf(runtime, 'scale').state, 'ready', infoOf(runtime, 'scale').error?.message);
  assert.deepEqual(await runtime.invoke('scale', { values: [1, 2], label: 'a', other: 1 }), {
    scaled: [2, 4],
    label: 'A',
  });
  assert.deepEqual(await runtime.invoke('scale', { values: [1], by: 5 }), { scaled: [5], label: undefined });
});

test('arguments that a zod schema refuses are an InvalidInputError with the path of each mistake', async (t) => {
  const { runtime } = await runProject(t, { 'functions/scale.ts': withZod });
  const error = await rejectionOf(
    runtime.invoke('scale', { values: [1, 'two', 3, 400], by: 'much' }),
    InvalidInputError,
  );
  assert.deepEqual(
    error.issues.map(({ path }) => path),
    [['values', 1], ['values', 3], ['by']],
  );
  assert.equal(error.code, 'INVALID_INPUT');
  assert.equal(error.functionName, 'scale');
  for (const part of ['"scale"', 'values[1]: ', 'values[3]: ', 'by: ']) {
    assert(error.message.includes(part), `${error.message} has no ${part}`);
  }
  const missing = await rejectionOf(runtime.invoke('scale'), InvalidInputError);
  assert.deepEqual(missing.issues[0]?.path, []);
  assert.deepEqual(infoOf(runtime, 'scale').stats, {
    ...{ invocations: 2, succeeded: 0, failed: 2 },
    ...{ cancelled: 0, timedOut: 0, crashed: 0 },
  });
});

test('description and JSON Schema of a function are in the list', async (t) => {
  const { runtime } = await runProject(t, {
    'functions/scale.ts': withZod,
    'functions/plain.js': 'export default () => {}; export const config = { description: "Does nothing" };',
    'functions/bare.js': 'export default () => {};',
    'functions/unsaid.ts': `
      import { defineFunction } from 'warm-pool';
      import { z } from ${zod};
      export default defineFunction({ input: z.object({ at: z.date() }), handler: ({ at }) => at.getTime() });`,
  });
  const scale = infoOf(runtime, 'scale');
  assert.equal(scale.description, 'Scales numbers');
  const expected = z.toJSONSchema(
    z.object({
      values: z.array(z.number().max(100)).min(1),
      by: z.number().default(2),
      label: z.string().optional(),
    }),
    { io: 'input' },
  );
  assert.deepEqual(scale.inputSchema, expected);
  assert.equal(infoOf(runtime, 'plain').description, 'Does nothing');
  assert.equal(infoOf(runtime, 'plain').inputSchema, undefined);
  assert.equal(infoOf(runtime, 'bare').description, undefined);
  // JSON Schema has no dates: the function works all the same.
  assert.equal(infoOf(runtime, 'unsaid').inputSchema, undefined);
  assert.equal(await runtime.invoke('unsaid', { at: new Date(5) }), 5);
});

/** Written by hand after https://standardschema.dev, in the ways in which libraries differ. */
const handWritten = `
  const issue = (message, path) => ({ issues: [{ message, ...(path && { path }) }] });
  const schema = {
    '~standard': {
      version: 1,
      vendor: 'nobody',
      validate: async (value) => {
        await null;
        if (value === 'throw') throw new Error('the schema itself is broken');
        if (typeof value !== 'object' || value === null) return issue('expected an object');
        if (value.size === 'big') {
          return issue('expected a number', [{ key: 'sizes' }, 0, { key: Symbol('unit') }, 'width']);
        }
        return { value: { ...value, checked: true } };
      },
    },
  };`;

for (const [what, file, source] of [
  [
    'defineFunction',
    'measure.mjs',
    `import { defineFunction } from 'warm-pool';
    ${handWritten} export default defineFunction({ input: schema, handler: (input) => input });`,
  ],
  [
    'config',
    'measure.cjs',
    `${handWritten} module.exports = (input) => input; module.exports.config = { input: schema };`,
  ],
  [
    'config of a Lambda',
    'measure.js',
    `${handWritten} export const handler = async (event) => event; export const config = { input: schema };`,
  ],
  [
    'defineFunction, being a function like the schemas of arktype,',
    'measure.ts',
    `import { defineFunction } from 'warm-pool';
    ${handWritten}
    const type = Object.assign(() => {}, schema);
    export default defineFunction({ input: type, handler: (input: unknown) => input });`,
  ],
] as const) {
  test(`any Standard Schema in ${what} checks the input`, async (t) => {
    const { runtime } = await runProject(t, { [`functions/${file}`]: source });
    assert.equal(infoOf(runtime, 'measure').state, 'ready', infoOf(runtime, 'measure').error?.message);
    assert.deepEqual(await runtime.invoke('measure', { size: 5 }), { size: 5, checked: true });

    const whole = await rejectionOf(runtime.invoke('measure', 'text'), InvalidInputError);
    assert.deepEqual(whole.issues, [{ path: [], message: 'expected an object' }]);
    assert.match(whole.message, /"measure".*: expected an object$/);

    const inside = await rejectionOf(runtime.invoke('measure', { size: 'big' }), InvalidInputError);
    assert.deepEqual(inside.issues, [
      { path: ['sizes', 0, 'Symbol(unit)', 'width'], message: 'expected a number' },
    ]);
    assert.match(inside.message, /sizes\[0\]\.Symbol\(unit\)\.width: expected a number/);

    await assert.rejects(runtime.invoke('measure', 'throw'), /the schema itself is broken/);
    assert.deepEqual(await runtime.invoke('measure', {}), { checked: true });
  });
}

test('a schema that takes too long is ended by the timeout of its function', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/slow.js': `
        export const config = {
          timeout: '200ms',
          input: { '~standard': { version: 1, vendor: 'nobody', validate: () => { for (;;); } } },
        };
        export default () => {};`,
    },
    { config: { pool: { killGrace: '100ms' } } },
  );
  await assert.rejects(runtime.invoke('slow'), { code: 'TIMEOUT', timeoutMs: 200 });
});
