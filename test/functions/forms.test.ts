import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionError, type Runtime } from 'warm-pool';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';

/** A way to export a function: its source as an ES module and as CommonJS, and what a caller sees of it. */
interface Form {
  readonly name: string;
  readonly esm: string;
  readonly cjs: string;
  readonly see: (runtime: Runtime, name: string) => Promise<void>;
}

const settings = "{ timeout: '7s', description: 'Says hello' }";
const lambdaBody = `({
  statusCode: 200,
  hello: event.name,
  sameId: context.awsRequestId === context.invocationId && context.invocationId.length === 26,
  functionName: context.functionName,
  isShort: context.getRemainingTimeInMillis() > 0 && context.getRemainingTimeInMillis() <= 7000,
  // This project's own are there as well.
  ownSignal: context.signal.aborted,
  own: [typeof context.log.info, typeof context.progress, typeof context.remainingTime, context.attempt],
})`;

const forms: readonly Form[] = [
  {
    name: 'defined',
    esm: `import { defineFunction } from 'warm-pool';
      export default defineFunction({ ...${settings}, handler: ({ name }, ctx) => [name, ctx.functionName] });`,
    cjs: `const { defineFunction } = require('warm-pool');
      module.exports = defineFunction({ ...${settings}, handler: ({ name }, ctx) => [name, ctx.functionName] });`,
    see: seeGreeting,
  },
  {
    name: 'plain',
    esm: `export default async function greet({ name }, ctx) { return [name, ctx.functionName]; }
      export const config = ${settings};`,
    cjs: `module.exports = async function greet({ name }, ctx) { return [name, ctx.functionName]; };
      module.exports.config = ${settings};`,
    see: seeGreeting,
  },
  {
    name: 'assigned',
    esm: `const greet = ({ name }, ctx) => [name, ctx.functionName];
      const config = ${settings};
      export { greet as default, config };`,
    cjs: `const greet = ({ name }, ctx) => [name, ctx.functionName];
      module.exports = Object.assign(greet, { config: ${settings} });`,
    see: seeGreeting,
  },
  {
    name: 'lambda-async',
    esm: `export const handler = async (event, context) => ${lambdaBody}; export const config = ${settings};`,
    cjs: `exports.handler = async (event, context) => ${lambdaBody}; exports.config = ${settings};`,
    see: seeLambda,
  },
  {
    name: 'lambda-callback',
    esm: `export const handler = (event, context, callback) => {
      setImmediate(() => callback(null, ${lambdaBody}));
    };
    export const config = ${settings};`,
    cjs: `exports.handler = (event, context, callback) => { setImmediate(() => callback(null, ${lambdaBody})); };
      exports.config = ${settings};`,
    see: seeLambda,
  },
  {
    name: 'lambda-throwing',
    esm: `export const handler = async ({ name }) => { throw new RangeError('no ' + name); };
      export const config = ${settings};`,
    cjs: `exports.handler = (event, context, callback) => { throw new RangeError('no ' + event.name); };
      exports.config = ${settings};`,
    see: seeError('RangeError', 'no Ada'),
  },
  {
    name: 'lambda-callback-error',
    esm: `export const handler = (event, context, callback) => {
      setImmediate(() => callback(new TypeError('not ' + event.name)));
    };
    export const config = ${settings};`,
    cjs: `exports.handler = (event, context, callback) => setImmediate(callback, new TypeError('not ' + event.name));
      exports.config = ${settings};`,
    see: seeError('TypeError', 'not Ada'),
  },
  {
    name: 'lambda-callback-text',
    esm: `export const handler = (event, context, callback) => callback('nothing for ' + event.name);
      export const config = ${settings};`,
    cjs: `exports.handler = (event, context, callback) => callback('nothing for ' + event.name);
      exports.config = ${settings};`,
    see: seeError('Error', 'nothing for Ada'),
  },
];

async function seeGreeting(runtime: Runtime, name: string): Promise<void> {
  assert.deepEqual(await runtime.invoke(name, { name: 'Ada' }), ['Ada', name]);
}

async function seeLambda(runtime: Runtime, name: string): Promise<void> {
  const expected = {
    ...{ statusCode: 200, hello: 'Ada', sameId: true, functionName: name, isShort: true },
    ...{ ownSignal: false, own: ['function', 'function', 'function', 1] },
  };
  assert.deepEqual(await runtime.invoke(name, { name: 'Ada' }), expected);
}

function seeError(errorName: string, message: string): Form['see'] {
  return async (runtime, name) => {
    const { cause } = await rejectionOf(runtime.invoke(name, { name: 'Ada' }), FunctionError);
    assert(cause instanceof Error);
    assert.deepEqual([cause.name, cause.message], [errorName, message]);
  };
}

/** The files that a package of a type may have, and in which module syntax. */
const packages = [
  {
    what: '"type": "module"',
    manifest: { type: 'module' },
    files: [
      ['ts', 'esm'],
      ['mts', 'esm'],
      ['js', 'esm'],
      ['mjs', 'esm'],
      ['cjs', 'cjs'],
    ],
  },
  {
    what: 'no "type"',
    manifest: {},
    files: [
      ['ts', 'esm'],
      ['ts', 'cjs'],
      ['mts', 'esm'],
      ['js', 'cjs'],
      ['js', 'esm'],
      ['mjs', 'esm'],
      ['cjs', 'cjs'],
    ],
  },
  {
    what: '"type": "commonjs"',
    manifest: { type: 'commonjs' },
    files: [
      ['ts', 'esm'],
      ['ts', 'cjs'],
      ['mts', 'esm'],
      ['js', 'cjs'],
      ['mjs', 'esm'],
      ['cjs', 'cjs'],
    ],
  },
] as const;

for (const { what, manifest, files } of packages) {
  // With a TypeScript file in the folder, tsx loads the JavaScript in it too; without one, Node does.
  for (const [withWhat, wanted] of [
    ['TypeScript', files],
    ['JavaScript alone', files.filter(([extension]) => !extension.endsWith('ts'))],
  ] as const) {
    test(`every form works in a package with ${what} and ${withWhat}`, async (t) => {
      const functions = wanted.flatMap(([extension, syntax]) =>
        forms.map((form) => {
          const name = `${extension}-${syntax}/${form.name}`;
          return { name, form, file: `functions/${name}.${extension}`, source: form[syntax] };
        }),
      );
      const { runtime } = await runProject(t, {
        'package.json': JSON.stringify({ name: 'test-project', private: true, ...manifest }),
        ...Object.fromEntries(functions.map(({ file, source }) => [file, source])),
      });
      for (const { name, form, file } of functions) {
        await t.test(file, async () => {
          const { state, error, config, description } = infoOf(runtime, name);
          assert.equal(state, 'ready', error?.message);
          assert.deepEqual(config, { timeout: 7000, pool: 'default' });
          assert.equal(description, 'Says hello');
          await form.see(runtime, name);
        });
      }
    });
  }
}

test('what TypeScript compiles to CommonJS works as it was written', async (t) => {
  const compiled = `"use strict";
    Object.defineProperty(exports, "__esModule", { value: true });
    exports.config = void 0;
    const warm_pool_1 = require("warm-pool");
    exports.default = `;
  const { runtime } = await runProject(t, {
    'package.json': '{ "name": "test-project" }',
    'functions/plain.js': `${compiled} async (args) => args.name; exports.config = { timeout: 5 };`,
    'functions/defined.js': `${compiled} (0, warm_pool_1.defineFunction)({ timeout: 5, handler: (args) => args.name });`,
    'functions/lambda.js': `"use strict";
      Object.defineProperty(exports, "__esModule", { value: true });
      exports.handler = void 0;
      const handler = async (event) => event.name;
      exports.handler = handler;
      exports.config = { timeout: 5 };`,
  });
  for (const name of ['plain', 'defined', 'lambda']) {
    assert.equal(infoOf(runtime, name).state, 'ready', infoOf(runtime, name).error?.message);
    assert.equal(infoOf(runtime, name).config.timeout, 5, name);
    assert.equal(await runtime.invoke(name, { name: 'Ada' }, { timeout: '10s' }), 'Ada');
  }
});
