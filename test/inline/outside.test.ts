import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { refusalOf, written, writtenIn } from './support-written.ts';

const files = { 'functions/echo.js': 'export default (value) => value;' };

/** What a refusal names, with its lines. */
function namedIn(message: string): string {
  const [, list] = /it refers to (.*?), which (?:is|are) outside of it/.exec(message) ?? [];
  assert(list, message);
  return list.replaceAll('`', '');
}

/** What is outside, by the text of the function. */
const outside: readonly (readonly [source: string, named: string])[] = [
  ['() => width', 'width'],
  ['() => { return width +\n height; }', 'width (line 1) and height (line 2)'],
  [
    '() => {\n width;\n height;\n width;\n depth; }',
    'width (lines 2 and 4), height (line 3) and depth (line 5)',
  ],
  ['() => { width = 5; }', 'width'],
  ['() => { ({ a: width, ...height } = {}); }', 'width and height'],
  ['() => ({ width })', 'width'],
  ['() => ({ [width]: 1, height: 2 })', 'width'],
  ['(a) => a[width].height', 'width'],
  ['(a) => a?.[width]?.(height)', 'width and height'],
  ['() => `${'.concat('width}` + tag`x`'), 'width and tag'],
  ['() => { try { throw 1; } catch (error) { } return error; }', 'error'],
  ['() => { { let width = 1; } return width; }', 'width'],
  ['() => { { const f = 1; class G {} } return f + G; }', 'f and G'],
  ['() => { "use strict"; { function f() {} } return f; }', 'f'],
  ['() => { for (const each of []) {} return each; }', 'each'],
  ['() => { for (let i = 0; i < n; i++) {} return i; }', 'n and i'],
  ['() => { switch (kind) { case 1: let a; } return a; }', 'kind and a'],
  ['() => { const f = function inner() { return inner; }; return inner; }', 'inner'],
  ['() => { const A = class Inner { x = Inner; }; return Inner; }', 'Inner'],
  ['(a = b) => { var b = 1; return a + b; }', 'b'],
  ['(a = () => c) => { let c; }', 'c'],
  ['({ a = b, [c]: d }) => d', 'b and c'],
  ['() => { const f = (x) => { var hidden; }; return hidden; }', 'hidden'],
  ['() => arguments[0]', 'arguments'],
  ['() => () => arguments', 'arguments'],
  ['() => this', 'this'],
  ['function () { return () => this; }', 'this'],
  ['() => class extends Base { [this.name] = 1 }', 'Base and this'],
  ['() => typeof width.height', 'width'],
  ['() => typeof (() => width)', 'width'],
  ['() => { label: for (;;) { break label; } label; }', 'label'],
  ['() => class { static { width; } static x = height; #p = depth; }', 'width, height and depth'],
  ['async () => { for await (const x of xs) {} }', 'xs'],
  ['function* () { yield* others; }', 'others'],
  ['async () => { await import(place); }', 'place'],
  ['() => { using = 1; }', 'using'],
  ['() => undeclared++', 'undeclared'],
  ['() => delete width.height', 'width'],
  ['() => [module, exports, __filename, __dirname]', 'module, exports, __filename and __dirname'],
  ['() => window', 'window'],
];

/** What refers to nothing outside, though it looks like it; all give true. */
const inside: readonly string[] = [
  '() => { const a = () => b; const b = true; return a(); }',
  '() => { return f(); function f() { return true; } }',
  '() => { if (true) { var hoisted = true; } return hoisted; }',
  '() => { for (var i = 0; i < 1; i++); return i === 1; }',
  '() => { try { throw true; } catch ({ a, ...rest }) { return !a; } }',
  '() => { try { throw true; } catch (error) { var found = error; } return found; }',
  '() => { try { throw 1; } catch { return true; } }',
  '() => { outer: for (;;) { for (;;) { break outer; } } return true; }',
  '() => { outer: for (const a of [1]) { continue outer; } return true; }',
  '() => { class A { b = 1; c() { return this.b; } static d = 2; static { this.e = 3; } } return new A().c() === 1; }',
  '() => { class A { #p = true; static has(a) { return #p in a && a.#p; } } return A.has(new A()); }',
  '() => { class A { f() { return true; } } class B extends A { f() { return super.f(); } } return new B().f(); }',
  '() => { const o = { __proto__: { f() { return true; } }, f() { return super.f(); } }; return o.f(); }',
  '() => { function F() { return new.target === F; } return new F() instanceof F; }',
  'function () { return new.target === undefined && arguments.length === 0; }',
  '() => { function f() { return this === undefined && arguments.length === 1; } return f(1); }',
  '() => { const f = function () { return (() => arguments.length)(); }; return f(1, 2) === 2; }',
  '({ a: { b = true } = {}, ...c } = {}, [d = b, , e = d] = []) => b && e && !c.x',
  '(a = true, b = () => a) => b()',
  '() => typeof nobody === "undefined"',
  '() => { const o = { width: true, if: 1 }; return o.width && o?.width && o["width"]; }',
  '() => { const { length: size, ["a"]: b } = "abc"; return size === 3 && !b; }',
  '() => { switch (1) { case 1: let a = true; default: return a; } }',
  '() => { for (const [key, value] of Object.entries({ a: true })) return key && value; }',
  '() => { for (let i = 0, f = () => i === 0; ; i++) return f(); }',
  '() => { const f = function me(n) { return n === 0 || me(n - 1); }; return f(3); }',
  '() => { const A = class Me { static make() { return new Me(); } }; return A.make() instanceof A; }',
  '() => { let using = true; let async = using; let of = async; return of; }',
  '() => { const [a = b, b] = [true]; return a; }',
  '() => eval("1 + 1") === 2 && (0, eval)("true")',
  '() => globalThis.nobody === undefined && undefined === void 0 && NaN !== Infinity',
  '() => { const f = async function* () { for await (const x of [1]) yield x; }; return Boolean(f()); }',
  '() => require("node:path").sep.length === 1 && typeof require.resolve === "function"',
  '() => { const Map = function () { this.own = true; }; return new Map().own; }',
];

test('every name that is outside of a function is told, with its lines, and nothing else is', async (t) => {
  const { runtime } = await runProject(t, files);
  for (const [source, named] of outside) {
    assert.equal(namedIn(await refusalOf(runtime, written(source))), named, source);
  }
  const own = {
    super: 'return { f() { return super.f(); } }.f;',
    this: 'return { f() { return this.g; } }.f;',
    'new.target': 'return () => new.target;',
  };
  for (const [named, source] of Object.entries(own)) {
    assert.equal(namedIn(await refusalOf(runtime, writtenIn(source))), named, source);
  }
  const withPrivate = 'return (class { #p = 1; static f(a) { return #p in a || a.#p; } }).f;';
  assert.equal(namedIn(await refusalOf(runtime, writtenIn(withPrivate))), '#p');
});

test('what only looks like it runs', async (t) => {
  const { runtime } = await runProject(t, files);
  for (const source of inside) {
    assert.equal(await within(source, runtime.run(written(source))), true, source);
  }
});

test('without strict mode what the language has there is known: functions of blocks, and `with`, which is refused', async (t) => {
  const { runtime } = await runProject(t, files);
  const sloppy = { strict: false };
  const inBlock = written('function () { if (true) { function f() { return true; } } return f(); }', sloppy);
  assert.equal(await runtime.run(inBlock), true);
  assert.equal(
    namedIn(await refusalOf(runtime, written('(o) => { with (o) { return a; } }', sloppy))),
    'with',
  );
});

test('`import.meta` is outside, as is what the worker has no way to know', async (t) => {
  const { runtime } = await runProject(t, files);
  assert.equal(namedIn(await refusalOf(runtime, () => import.meta.url)), 'import.meta');
});

test('all globals of Node can be used, and those that the program has made can not', async (t) => {
  const { runtime } = await runProject(t, files);
  const script = 'console.log(JSON.stringify(Object.getOwnPropertyNames(globalThis)))';
  const { NODE_OPTIONS, ...env } = process.env;
  const names = JSON.parse(
    execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' }),
  ) as string[];
  // What `node -e` has beside the globals: the modules of Node.
  const builtin = new Set(process.getBuiltinModule('node:module').builtinModules);
  const globals = names.filter((name) => !builtin.has(name) && /^[a-z]\w*$/i.test(name) && !given.has(name));
  assert(globals.length > 100, `${globals.length}`);
  assert.equal(await runtime.run(written(`() => { typeof [${globals}]; return true; }`)), true);
  Object.assign(globalThis, { ownGlobal: 1 });
  t.after(() => Reflect.deleteProperty(globalThis, 'ownGlobal'));
  assert.equal(namedIn(await refusalOf(runtime, written('() => ownGlobal'))), 'ownGlobal');
});

const given = new Set(['require', 'module', 'exports', '__filename', '__dirname']);

test('what is said to do fits what is outside', async (t) => {
  const { runtime } = await runProject(t, files);
  const cases: readonly (readonly [source: string, advice: RegExp])[] = [
    [
      '() => sharp',
      /Pass values as arguments, and import inside of it: `const \{ createHash \} = await import\('node:crypto'\)`\.$/,
    ],
    [
      '() => __spreadValues({}, {})',
      /`__spreadValues` is what a build tool has put into the module .* newer target/,
    ],
    ['() => __vi_import_0__.join()', /Pass values as arguments, and import inside of it/],
    ['() => __dirname', /Pass the path of its file as an argument\.$/],
    ['() => arguments', /give it parameters, `\(\.\.\.args\) => …`\.$/],
  ];
  for (const [source, advice] of cases) assert.match(await refusalOf(runtime, written(source)), advice);
  const fact = writtenIn('const fact = (n) => (n < 2 ? 1 : n * fact(n - 1)); return fact;');
  assert.match(
    await refusalOf(runtime, fact),
    /"fact": .*To call itself it has to be written as `function fact\(…\) \{ … \}`\.$/,
  );
});

test('a function that is covered by Istanbul runs as if it were not', async (t) => {
  const { runtime } = await runProject(t, files);
  const covered = written<(n: number) => number>(`(n) => {
    cov_1y2z().f[0]++; cov_1y2z().s[0]++;
    if (n > 1) { cov_1y2z().b[0][0]++; cov_1y2z().s[1]++; return n; } else { cov_1y2z().b[0][1]++; }
    return (cov_1y2z().b[1][0]++, n) || (cov_1y2z().b[1][1]++, 5);
  }`);
  for (const [given, result] of [
    [2, 2],
    [1, 1],
    [0, 5],
  ] as const)
    assert.equal(await runtime.run(covered, given), result);
});
