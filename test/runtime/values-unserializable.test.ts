import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { SerializationError } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { rejectionOf } from '../support/open-runtime.ts';

/** Values that can't be sent, each with the path behind its root and the words for what stands there. */
const unsendable = `
  class Job { constructor() { this.run = function run() {}; } }
  class Lock { #key = 1; constructor() { this.waiting = Promise.resolve(); } }
  const deep = (depth, inner) => (depth === 0 ? inner : { a: deep(depth - 1, inner) });
  export const unsendable = [
    ['a function', () => {}, '', 'a function'],
    ['a named function', function resize() {}, '', 'the function resize'],
    ['a class', Job, '', 'the function Job'],
    ['a symbol', Symbol('unit'), '', 'Symbol(unit)'],
    ['a promise', [Promise.resolve(1)], '[0]', 'a Promise'],
    ['a WeakMap', new WeakMap(), '', 'a WeakMap'],
    ['a generator in an object', { parts: (function* () {})() }, '.parts', 'object'],
    ['shared memory', { bytes: new SharedArrayBuffer(4) }, '.bytes', 'a SharedArrayBuffer'],
    ['a function in an object', { ok: 1, on: { done() {} } }, '.on.done', 'the function done'],
    ['a function in a list', [1, [2, [() => {}]]], '[1][1][0]', 'a function'],
    ['a function behind many', [...Array(10_000).keys(), () => {}], '[10000]', 'a function'],
    ['a key that is no word', { 'a-b': { '': { 1: Symbol.iterator } } }, '["a-b"][""]["1"]', 'Symbol(Symbol.iterator)'],
    ['a key of any script', { größe: { 人: () => {} } }, '.größe.人', 'function'],
    ['a value of a Map', { sizes: new Map([['small', 32], ['large', [() => {}]]]) }, '.sizes.get("large")[0]', 'a function'],
    ['a Map by number', new Map([[5, Symbol('x')]]), '.get(5)', 'Symbol(x)'],
    ['a key of a Map', { sizes: new Map([[() => {}, 32]]) }, '.sizes (a key of the Map)', 'a function'],
    ['an element of a Set', [new Set([1, Symbol('x')])], '[0] (an element of the Set)', 'Symbol(x)'],
    ['a field of an instance', { jobs: [new Job()] }, '.jobs[0].run', 'the function run'],
    ['a promise that was not awaited', { a: { b: new Lock() } }, '.a.b.waiting', 'a Promise'],
    ['a function below 300 levels', deep(300, () => {}), '.a'.repeat(300), 'a function'],
    ['a function below a list with holes', [, , { f() {} }], '[2].f', 'the function f'],
    ['a function in a circle', (() => { const c = { list: [] }; c.list.push(c, () => {}); return c; })(), '.list[1]', 'a function'],
    ['toJSON alone', { photo: { toJSON: () => 'a.jpg' } }, '.photo.toJSON', 'the function toJSON'],
  ];`;

const files = {
  'unsendable.js': unsendable,
  'functions/give.js': `
    import { unsendable } from '../unsendable.js';
    export default (index) => unsendable[index][1];`,
  'functions/resize.js': 'export default (value) => value;',
  'functions/pid.js': 'export default () => process.pid;',
  'functions/forgets.js': 'export default () => ({ photo: (async () => 1)() });',
};

type Row = readonly [what: string, value: unknown, path: string, words: string];

testEach(
  'what cannot be sent is a SerializationError with the path to it, and the worker lives',
  async (t, open) => {
    const { project, runtime } = await open({ max: 1 }, files);
    const module: unknown = await import(pathToFileURL(project.path('unsendable.js')).href);
    const rows = (module as { unsendable: readonly Row[] }).unsendable;
    assert(rows.length > 20);
    const pid = await runtime.invoke('pid');
    for (const [index, [what, value, path, words]] of rows.entries()) {
      await t.test(`${what}, as an argument`, async () => {
        const invocation = runtime.invoke('resize', value);
        const error = await rejectionOf(invocation, SerializationError);
        assert.equal(error.path, `args${path}`);
        assert.equal(error.functionName, 'resize');
        assert.equal(error.invocationId, invocation.id);
        for (const part of ['"resize"', `args${path}: `, words]) {
          assert(error.message.includes(part), `${error.message} has no ${part}`);
        }
      });
      await t.test(`${what}, as a result`, async () => {
        const error = await rejectionOf(runtime.invoke('give', index), SerializationError);
        assert.equal(error.path, `result${path}`);
        for (const part of ['"give"', `result${path}: `, words]) {
          assert(error.message.includes(part), `${error.message} has no ${part}`);
        }
      });
      assert.equal(await runtime.invoke('pid'), pid, `the worker after ${what}`);
    }
  },
);

testEach('a promise that a function forgot to await is named in the result', async (_t, open) => {
  const { runtime } = await open({}, files);
  const { path } = await rejectionOf(runtime.invoke('forgets'), SerializationError);
  assert.equal(path, 'result.photo');
});
