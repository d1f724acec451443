import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionError, SerializationError } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { refusalOf, type Written, written, writtenIn } from './support-written.ts';

type OfTwo = (a: number, b: number) => unknown;

/** All take 3 and 4 and give 7. */
const kinds: Readonly<Record<string, OfTwo>> = {
  'an arrow function': written('(a, b) => a + b'),
  'an arrow function with a body': written('(a, b) => { return a + b; }'),
  'an async arrow function': written('async (a, b) => { await null; return a + b; }'),
  'an arrow function of one parameter': written('a => a + 4'),
  'a function expression': written('function (a, b) { return a + b; }'),
  'a named function expression': written('function sum(a, b) { return a === 0 ? b : sum(a - 1, b + 1); }'),
  'a function declaration': writtenIn(
    'return sum; function sum(a, b) { return b === 0 ? a : sum(a + 1, b - 1); }',
  ),
  'an async function': written('async function sum(a, b) { return (await a) + b; }'),
  'a method': writtenIn('return { f(a, b) { return a + b; } }.f;'),
  'an async method': writtenIn('return { async f(a, b) { return (await a) + b; } }.f;'),
  'a method named by a text': writtenIn('return { "a sum"(a, b) { return a + b; } }["a sum"];'),
  'a method named by a number': writtenIn('return { 1(a, b) { return a + b; } }[1];'),
  'a method with a computed name': writtenIn('const f = "x"; return { [f]\n(a, b) { return a + b; } }.x;'),
  'a method named by a symbol': writtenIn(
    'return { [Symbol.iterator](a, b) { return a + b; } }[Symbol.iterator];',
  ),
  'a method named as a keyword': writtenIn('return { function(a, b) { return a + b; } }.function;'),
  'a method named async': writtenIn('return { async(a, b) { return a + b; } }.async;'),
  'a method named get': writtenIn('return { get(a, b) { return a + b; } }.get;'),
  'a method named static': writtenIn('return { static(a, b) { return a + b; } }.static;'),
  'a method named __proto__': writtenIn(
    'return Object.getOwnPropertyDescriptor({ __proto__(a, b) { return a + b; } }, "__proto__").value;',
  ),
  'an arrow function named __proto__': writtenIn(
    'return Object.values({ ["__proto__"]: (a, b) => a + b })[0];',
  ),
  'a static method of a class': writtenIn('return (class { static f(a, b) { return a + b; } }).f;'),
  'a static async method': writtenIn('return (class { static async f(a, b) { return a + b; } }).f;'),
  'a method of a class': writtenIn('return (class { f(a, b) { return a + b; } }).prototype.f;'),
  'a field of a class': writtenIn('return new (class { f = (a, b) => a + b; })().f;'),
  'defaults of parameters': written('(a, b = a + 1, c = b - a - 1) => a + b + c'),
  'destructured parameters': written('(a, ...[b, { c = 0 } = {}]) => a + b + c'),
  'a rest of arguments': written('(...all) => all.reduce((sum, each) => sum + each)'),
  'its own arguments': written('function () { return arguments[0] + arguments[1]; }'),
  'a comment at its end': written('(a, b) => a + b // the sum'),
  'a function without strict mode': written('function (a, b) { return 03 + b; }', { strict: false }),
  'an arrow function without strict mode': written('(a, b) => 03 + b', { strict: false }),
  'a function of the constructor Function': new Function('a', 'b = 4', 'return a + b') as OfTwo,
  'a function of tsx': (a, b) => {
    const sum = (c: number) => a + c;
    function other(c: number) {
      return sum(c);
    }
    class Sum {
      of(c: number): number {
        return other(c);
      }
    }
    return new Sum().of(b);
  },
};

testEach('every kind of function is called with its arguments', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  for (const [kind, fn] of Object.entries(kinds)) {
    assert.equal(await within(kind, runtime.run(fn, 3, 4)), 7, kind);
  }
});

testEach('arguments and results arrive as those of invoke', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  const values = [
    new Map([[1, 2n]]),
    new Date(5),
    undefined,
    Number.NaN,
    Buffer.from('ä'),
    [1, null, 3],
    { a: [null] },
  ];
  const echo = (...all: unknown[]) => all;
  assert.deepEqual(await runtime.run(echo, ...values), values);
  assert.equal(await runtime.run(() => {}), undefined);
  assert.equal(await runtime.run(async () => 'resolved'), 'resolved');
  const { path } = await rejectionOf(runtime.run(echo, 1, { deep: [() => {}] }), SerializationError);
  assert.equal(path, 'args[1].deep[0]');
  const buffer = new ArrayBuffer(8);
  assert.equal(
    await runtime.runWith({ transfer: [buffer] }, (given: ArrayBuffer) => given.byteLength, buffer),
    8,
  );
  assert.equal(buffer.byteLength, 0);
});

test('what is no function of the program, or none that can be called, is refused with a TypeError that says so', async (t) => {
  const { runtime } = await runProject(t, { 'functions/echo.js': 'export default (value) => value;' });
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^expected `run` to be given a function, got nothing$/],
    ['echo', /^expected `run` to be given a function, got 'echo' \(string\)$/],
    [{ timeout: 5 }, /^expected `run` to be given a function, got \{ timeout: 5 \} \(object\)$/],
    [class Photo {}, /can't send the function "Photo": it is a class\. /],
    [Math.max, /can't send the function "max": it is native, bound or a proxy, and has no source\. /],
    [function named() {}.bind(null), /can't send the function "bound named": it is native, bound or a proxy/],
    [new Proxy(() => 1, {}), /: it is native, bound or a proxy/],
    [
      Object.getOwnPropertyDescriptor(
        {
          get size() {
            return 1;
          },
        },
        'size',
      )?.get,
      /"get size": it is a getter\. /,
    ],
    [
      Object.getOwnPropertyDescriptor({ set size(_to: number) {} }, 'size')?.set,
      /"set size": it is a setter\. /,
    ],
  ];
  for (const [fn, message] of cases) assert.match(await refusalOf(runtime, fn), message);
});

test('a generator function gives what it gives by invoke: an array of its parts', async (t) => {
  const source = 'function* () { yield 1; yield 2; }';
  const { runtime } = await runProject(t, { 'functions/parts.js': `export default ${source}` });
  assert.deepEqual(await runtime.run(written(source)), [1, 2]);
  assert.deepEqual(await runtime.invoke('parts'), [1, 2]);
});

test('a result that can not be sent is told as that of invoke', async (t) => {
  const source = 'function () { return { work() {} }; }';
  const { runtime } = await runProject(t, { 'functions/parts.js': `export default ${source}` });
  const run = await rejectionOf(runtime.run(written(source)), SerializationError);
  const invoked = await rejectionOf(runtime.invoke('parts'), SerializationError);
  assert.equal(run.message.replace('(anonymous)', 'parts'), invoked.message);
});

testEach('`this` is undefined, and every call has the variables of a call', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  const fn = written<Written<never[], unknown>>(
    '() => { let calls = 0; calls++; return [calls, (function () { return this; })()]; }',
  );
  for (let call = 0; call < 3; call++) assert.deepEqual(await runtime.run(fn), [1, undefined]);
});

testEach(
  'an error has its class, cause and own properties, and a stack with the line in the function',
  async (_t, open) => {
    const { runtime, project } = await open({ max: 1 });
    const resize = writtenIn(`const resize = async (src) => {
    class PhotoError extends Error {}
    await null;
    throw Object.assign(new PhotoError('no photo: ' + src, { cause: new TypeError('no disk') }), { src });
  };
  return resize;`) as (src: string) => Promise<void>;
    const { message, cause, functionName } = await rejectionOf(runtime.run(resize, 'a.jpg'), FunctionError);
    assert.equal(message, 'Function "resize" failed: PhotoError: no photo: a.jpg');
    assert.equal(functionName, 'resize');
    assert(cause instanceof Error && cause.cause instanceof TypeError);
    assert.equal(cause.name, 'PhotoError');
    assert.equal((cause as Error & { src?: string }).src, 'a.jpg');
    assert.match(cause.stack ?? '', new RegExp(`at resize \\(${project.path('run:resize')}:4:25\\)`));
    // Nothing of what stands around it in what is compiled.
    const short = written('(text) => { throw new RangeError(text); }');
    const inLine = await rejectionOf(runtime.run(short as (text: string) => void, 'no'), FunctionError);
    assert.match((inLine.cause as Error).stack ?? '', /at .*run:\(anonymous\):1:19\)?\n/);
  },
);
