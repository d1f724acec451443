import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionLoadError } from 'warm-pool';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';

/** A module that can't be served: what is in it, and what its error has to say. */
interface Mistake {
  readonly what: string;
  readonly file: string;
  readonly source: string;
  readonly says: readonly RegExp[];
}

const mistakes: readonly Mistake[] = [
  {
    what: 'no function among its exports',
    file: 'no-function.ts',
    source: "export const sizes = [32]; export const name = 'resize'; export function resize() {}",
    says: [/expected .*no-function\.ts to export a function/, /it exports name, resize, sizes$/],
  },
  {
    what: 'no exports',
    file: 'no-exports.mjs',
    source: 'const resize = () => {};',
    says: [/expected .*no-exports\.mjs to export a function/, /it exports nothing$/],
  },
  {
    what: 'no exports, in CommonJS',
    file: 'no-exports-either.cjs',
    source: 'function resize() {}',
    says: [/to export a function/, /it exports nothing$/],
  },
  {
    what: 'no exports, being empty',
    file: 'empty.ts',
    source: '',
    says: [/to export a function/, /it exports nothing$/],
  },
  {
    what: 'an object that is not made by defineFunction',
    file: 'bare-object.ts',
    source: 'export default { timeout: 5, run() {} };',
    says: [/a default export made by defineFunction/],
  },
  {
    what: 'a default export that is a text',
    file: 'text.ts',
    source: "export default 'resize';",
    says: [/to export a function/, /it exports default$/],
  },
  {
    what: 'a `handler` that is no function',
    file: 'lambda-object.cjs',
    source: 'exports.handler = {};',
    says: [/to export a function/, /it exports .*handler/],
  },
  {
    what: 'defineFunction without a handler',
    file: 'no-handler.ts',
    source:
      "import { defineFunction } from 'warm-pool'; export default defineFunction({ timeout: 5 } as never);",
    says: [/`handler` of defineFunction to be a function, got undefined/],
  },
  {
    what: 'a timeout that is no duration',
    file: 'timeout-text.ts',
    source:
      "import { defineFunction } from 'warm-pool'; export default defineFunction({ timeout: 'soon', handler() {} });",
    says: [
      /timeout: expected a number of ms above 0 or a string such as "30s" or "5 min", got 'soon' \(string\)/,
    ],
  },
  {
    what: 'a timeout below zero',
    file: 'timeout-negative.mjs',
    source: 'export default () => {}; export const config = { timeout: -1 };',
    says: [/timeout: expected a number of ms.*got -1 \(number\)/],
  },
  {
    what: 'a setting with a typo',
    file: 'typo.mjs',
    source: 'export default () => {}; export const config = { timeuot: 5 };',
    says: [/timeuot: there is no such setting, did you mean "timeout"\?/],
  },
  {
    what: 'several wrong settings',
    file: 'several.mjs',
    source: "export default () => {}; export const config = { timeout: 'soon', colour: 'grey' };",
    says: [/timeout: expected/, /colour: there is no such setting/],
  },
  {
    what: 'a description that is no text',
    file: 'description.mjs',
    source: 'export default () => {}; export const config = { description: 5 };',
    says: [/description: expected .*got 5 \(number\)/],
  },
  {
    what: 'a typo in the name of a hook',
    file: 'hook-typo.ts',
    source:
      "import { defineFunction } from 'warm-pool'; export default defineFunction({ setUp() {}, handler() {} } as never);",
    says: [/setUp: there is no such setting, did you mean "setup"\?/],
  },
  {
    what: 'a timeout that is a function',
    file: 'timeout-function.mjs',
    source: 'export default () => {}; export const config = { timeout: () => 5 };',
    says: [/timeout: expected a number of ms/],
  },
  {
    what: 'settings that are no object',
    file: 'config-text.mjs',
    source: "export default () => {}; export const config = 'fast';",
    says: [/`config` to be an object, got 'fast' \(string\)/],
  },
  {
    what: 'an `input` that is no schema',
    file: 'input-object.ts',
    source: `import { defineFunction } from 'warm-pool';
      export default defineFunction({ input: { src: 'string' } as never, handler() {} });`,
    says: [/input: expected a Standard Schema, such as one made with zod, valibot or arktype, got \{/],
  },
  {
    what: 'a `setup` that is no function',
    file: 'setup.ts',
    source:
      "import { defineFunction } from 'warm-pool'; export default defineFunction({ setup: 5 as never, handler() {} });",
    says: [/setup: expected a function, got 5 \(number\)/],
  },
  {
    what: 'mistakes in settings that the worker needs, and in others',
    file: 'both.ts',
    source: `import { defineFunction } from 'warm-pool';
      export default defineFunction({ input: 5, teardown: 'x', timeout: 0, memory: 64, handler() {} } as never);`,
    says: [
      /input: expected a Standard Schema/,
      /teardown: expected a function, got 'x'/,
      /timeout: expected a number of ms above 0 .*, got 0/,
      /memory: expected at least "1mb", as a number it is in bytes, got 64/,
    ],
  },
  {
    what: 'a condition of a retry, which only a caller can have as a function',
    file: 'retry-on.mjs',
    source: 'export default () => {}; export const config = { retry: { attempts: 2, on: () => true } };',
    says: [/not valid: retry\.on: expected a list of codes/],
  },
  {
    what: 'a list as its settings',
    file: 'config-list.mjs',
    source: 'export default () => {}; export const config = [5];',
    says: [/`config` to be an object, got \[ 5 \] \(array\)/],
  },
  {
    what: 'a module that throws while it loads',
    file: 'throws.ts',
    source:
      "const found: string | undefined = undefined;\nthrow new RangeError('no camera');\nexport default () => found;",
    says: [/no camera/],
  },
  {
    what: 'a module that throws no error',
    file: 'throws-text.mjs',
    source: "throw 'no camera'; export default () => {};",
    says: [/no camera/],
  },
  {
    what: 'a module that rejects while it loads',
    file: 'rejects.mjs',
    source: "await Promise.reject(new TypeError('not today')); export default () => {};",
    says: [/not today/],
  },
  {
    what: 'a syntax error in JavaScript',
    file: 'syntax-js.mjs',
    source: 'export default () => {};\nexport const size = ;',
    says: [/Unexpected token ';' \(functions\/mistaken\/syntax-js\.mjs:2:21\)$/],
  },
  {
    what: 'a syntax error in CommonJS',
    file: 'syntax-too.cjs',
    source: 'const size = (;\nmodule.exports = () => {};',
    says: [/Unexpected token ';' \(functions\/mistaken\/syntax-too\.cjs:1:15\)$/],
  },
  {
    what: 'an import of a file with a syntax error',
    file: 'imports-syntax.mjs',
    source: "import { size } from './_sizes.mjs'; export default () => size;",
    says: [/Unexpected token ';' \(functions\/mistaken\/_sizes\.mjs:3:21\)$/],
  },
  {
    what: 'an import of a package that is not there',
    file: 'imports-nothing.ts',
    source: "import left from 'left-pad-of-nobody'; export default () => left;",
    says: [/left-pad-of-nobody/],
  },
  {
    what: 'an import of a file that is not there',
    file: 'imports-no-file.ts',
    source: "import { lib } from './_lib.ts'; export default () => lib;",
    says: [/_lib\.ts/],
  },
  {
    what: 'an import of a name that is not exported',
    file: 'imports-no-name.mjs',
    source: "import { defineFunctions } from 'warm-pool'; export default defineFunctions;",
    says: [/defineFunctions/],
  },
  {
    what: 'a syntax error in TypeScript',
    file: 'syntax.ts',
    source: 'export default (args: { name: string }) => {\n  const x = ;\n};\n',
    says: [/syntax\.ts:2:/, /Unexpected/],
  },
  {
    what: 'a module that ends the process while it loads',
    file: 'exits.mjs',
    source: "console.error('good bye'); process.exit(3); export default () => {};",
    says: [/exited with code 3 while it loaded the module/, /good bye/],
  },
  {
    what: 'a module that kills the process while it loads',
    file: 'aborts.cjs',
    source: "process.kill(process.pid, 'SIGKILL'); module.exports = () => {};",
    says: [/was killed by SIGKILL while it loaded the module/],
  },
];

for (const [what, manifest] of [
  ['"type": "module"', { type: 'module' }],
  ['no "type"', {}],
] as const) {
  test(`a module that can't be served says why and hinders no other, in a package with ${what}`, async (t) => {
    const { project, runtime } = await runProject(t, {
      'package.json': JSON.stringify({ name: 'test-project', ...manifest }),
      'functions/aaa.mjs': 'export default () => "works";',
      'functions/zzz.ts': 'export default (): string => "works";',
      'functions/mistaken/_sizes.mjs': '// In pixels.\n\nexport const size = ;',
      ...Object.fromEntries(mistakes.map(({ file, source }) => [`functions/mistaken/${file}`, source])),
    });
    for (const { what, file, says } of mistakes) {
      await t.test(what, async () => {
        const name = `mistaken/${file.replace(/\.\w+$/, '')}`;
        const info = infoOf(runtime, name);
        const error = await rejectionOf(runtime.invoke(name), FunctionLoadError);
        assert.equal(info.state, 'failed');
        assert.equal(error.code, 'FUNCTION_LOAD');
        assert.equal(error.functionName, name);
        assert(error.message.includes(project.path('functions/mistaken', file)), error.message);
        for (const pattern of says) {
          assert.match(info.error?.message ?? '', pattern);
          assert.match(error.message, pattern);
        }
      });
    }
    for (const name of ['aaa', 'zzz']) assert.equal(await runtime.invoke(name), 'works');
  });
}

test('a module that never finishes loading is left out after the loadTimeout', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/endless.mjs': 'for (;;); export default () => {};',
      'functions/stuck.mjs': 'await new Promise(() => {}); export default () => {};',
      'functions/works.mjs': 'export default () => "works";',
    },
    { config: { pool: { loadTimeout: '3s' } } },
  );
  assert.equal(await runtime.invoke('works'), 'works');
  for (const name of ['endless', 'stuck']) {
    const { message } = await rejectionOf(runtime.invoke(name), FunctionLoadError);
    assert.match(message, /had not loaded its functions after 3000 ms while it loaded the module/);
  }
});

test('settings of a kind that can not be sent to the runtime fail their function alone', async (t) => {
  const { runtime } = await runProject(t, {
    'functions/symbol.mjs': 'export default () => {}; export const config = { timeout: Symbol("soon") };',
    'functions/deep.mjs': 'export default () => {}; export const config = { api: { run() {} } };',
    'functions/works.mjs': 'export default () => "works";',
  });
  const symbol = await rejectionOf(runtime.invoke('symbol'), FunctionLoadError);
  assert.match(symbol.message, /timeout: expected a number of ms/);
  const deep = await rejectionOf(runtime.invoke('deep'), FunctionLoadError);
  assert.match(deep.message, /api: there is no such setting/);
  assert.equal(await runtime.invoke('works'), 'works');
});

test('the error of a module that throws while it loads names its file and line', async (t) => {
  const { project, runtime } = await runProject(t, {
    'functions/throws.ts': [
      'interface Camera {',
      '  name: string;',
      '}',
      "const found: Camera = { name: 'none' };",
      "throw new RangeError('no camera but ' + found.name);",
      'export default () => found;',
    ].join('\n'),
  });
  const { error } = infoOf(runtime, 'throws');
  assert.equal(error?.name, 'RangeError');
  assert(error.stack?.includes(`${project.path('functions/throws.ts')}:5:`), error.stack);
});
