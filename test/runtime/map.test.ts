import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CancelledError, FunctionError, type MapOptions, type Runtime, RuntimeClosedError } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { until, within } from '../support/wait.ts';

const files = {
  'functions/double.js': 'export default (value) => value * 2;',
  'functions/late.js': `
    import { setTimeout } from 'node:timers/promises';
    export default async ({ id, ms = 0 }, ctx) => {
      await setTimeout(ms, undefined, { signal: ctx.signal });
      return id;
    };`,
  // Waits until there is a file of its name.
  'functions/gate.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async (name, { signal }) => {
      while (!fs.existsSync(new URL('../' + name, import.meta.url))) await setTimeout(5, undefined, { signal });
      return name;
    };`,
  'functions/odd.js': `export default (value) => {
    if (value % 2 === 0) throw Object.assign(new RangeError(value + ' is even'), { value });
    return value;
  };`,
};

const config = { pool: { max: 2, killGrace: 50 } };

/** A source that knows how far it was read, and how it ended. */
class Counted<Item> implements Iterable<Item> {
  read = 0;
  closed = 0;
  opened = 0;
  readonly #item: (index: number) => Item;
  readonly #count: number;

  constructor(item: (index: number) => Item, count = Number.POSITIVE_INFINITY) {
    this.#item = item;
    this.#count = count;
  }

  *[Symbol.iterator](): Generator<Item> {
    this.opened++;
    try {
      for (let index = 0; index < this.#count; index++) {
        this.read++;
        yield this.#item(index);
      }
    } finally {
      this.closed++;
    }
  }
}

/** The same as an async iterable. */
async function* asynchronous<Item>(source: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of source) {
    await turn();
    yield item;
  }
}

async function collect<Result>(results: AsyncIterable<Result>): Promise<Result[]> {
  const all: Result[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** Nothing is left of an iteration that has ended. */
async function nothingIsLeft(runtime: Runtime): Promise<void> {
  await within('the drain', runtime.drain());
  assert.deepEqual([runtime.stats().queued, runtime.stats().running], [0, 0]);
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const doubles = (count: number) => numbers(count).map((each) => each * 2);

test('results come in the order of the items, from any kind of source', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const sources = {
    array: numbers(1_000),
    set: new Set(numbers(1_000)),
    generator: new Counted((index) => index, 1_000),
    'async generator': asynchronous(numbers(1_000)),
    promises: numbers(1_000).map(async (each) => each),
    nothing: [],
  };
  for (const [name, source] of Object.entries(sources)) {
    const results = await within(name, collect(runtime.map<number>('double', source)));
    assert.deepEqual(results, name === 'nothing' ? [] : doubles(1_000), name);
  }
});

test('a slow item is waited for in order, and overtaken without', async (t) => {
  const { project, runtime } = await runProject(t, files, { config: { pool: { max: 3 } } });
  const names = ['a', 'b', 'c', 'd'];
  for (const name of ['b', 'c', 'd']) project.write(name, '');
  const ordered = runtime.map<string>('gate', names);
  const first = ordered.next();
  const unordered = runtime.map<string>('gate', names, { ordered: false });
  const before = [await unordered.next(), await unordered.next(), await unordered.next()];
  assert.deepEqual(before.map(({ value }) => value).sort(), ['b', 'c', 'd']);
  project.write('a', '');
  assert.deepEqual(await within('the first', first), { done: false, value: 'a' });
  assert.deepEqual(await collect(ordered), ['b', 'c', 'd']);
  assert.deepEqual(await collect(unordered), ['a']);
});

test('nothing is read and nothing runs before the first result is asked for', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const source = new Counted((index) => index, 5);
  const results = runtime.map<number>('double', source);
  for (let count = 0; count < 5; count++) await turn();
  assert.deepEqual([source.opened, source.read, runtime.stats().queued], [0, 0, 0]);
  assert.deepEqual(await collect(results), doubles(5));
  // One that is ended before it began never opens its source.
  const unused = runtime.map<number>('double', source);
  assert.deepEqual(await unused.return(), { done: true, value: undefined });
  assert.deepEqual(await unused.next(), { done: true, value: undefined });
  assert.equal(source.opened, 1);
});

for (const [kind, wrap] of [
  ['an iterable', <Item>(source: Iterable<Item>) => source],
  ['an async iterable', asynchronous],
] as const) {
  test(`of ${kind} no more runs than the concurrency, and no more than twice that is read ahead`, async (t) => {
    const { project, runtime } = await runProject(t, files, { config });
    const concurrency = 3;
    const source = new Counted((index) => `item-${index}`);
    const results = runtime.map<string>('gate', wrap(source), { concurrency });
    const out = () => runtime.stats().queued + runtime.stats().running;
    const first = results.next();
    await until('the first ones', () => out() === concurrency);
    assert.equal(source.read, concurrency);
    // The first is slow: those behind it go on until so many results are kept.
    for (let index = 1; index < 30; index++) project.write(`item-${index}`, '');
    await until('the kept ones', () => source.read === 2 * concurrency && out() === 1);
    project.write('item-0', '');
    assert.equal((await within('the first', first)).value, 'item-0');
    let most = 0;
    for (let handed = 1; handed < 15; handed++) {
      const { value } = await within('the next', results.next());
      assert.equal(value, `item-${handed}`);
      most = Math.max(most, source.read - handed - 1);
      assert(out() <= concurrency);
    }
    assert(most <= 2 * concurrency, `${most} were read ahead`);
    // Nobody asks: it stands still. The place of the last that was handed out is filled when another ends after it.
    const full = 15 + 2 * concurrency;
    await until('the stop', () => source.read >= full - 1 && out() === 0);
    for (let count = 0; count < 10; count++) await turn();
    assert(source.read <= full, `${source.read} were read`);
    await results.return();
    assert.equal(source.closed, 1);
    await nothingIsLeft(runtime);
  });
}

test('by default all workers are kept busy, and more is only read once the function has shown to be short', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { min: 2, max: 2 } } });
  const long = new Counted((id) => ({ id, ms: 20 }));
  const lateResults = runtime.map<number>('late', long);
  for (let handed = 1; handed <= 10; handed++) {
    await lateResults.next();
    // Two workers, one run each and one behind it; twice that may be kept.
    assert(long.read - handed <= 8, `${long.read} were read for ${handed} results`);
  }
  await lateResults.return();
  const source = new Counted((index) => index);
  const results = runtime.map<number>('double', source);
  let ahead = 0;
  for (let handed = 1; handed < 20_000 && ahead < 100; handed++) {
    await results.next();
    ahead = Math.max(ahead, source.read - handed);
  }
  assert(ahead >= 100, `only ${ahead} were read ahead of a short function`);
  assert(ahead <= 2 * 2 * 2 * 64 + 1, `${ahead} were read ahead`);
  await results.return();
});

test('a queue with a limit is not filled beyond it', async (t) => {
  for (const queueLimit of [0, 1, 5]) {
    const { runtime } = await runProject(t, files, { config: { pool: { max: 2, queueLimit } } });
    assert.deepEqual(await within('all', collect(runtime.map('double', numbers(500)))), doubles(500));
    await runtime.close();
  }
});

test('an endless source takes a bounded memory', async (t) => {
  const project = makeProject(t, files);
  const program = `
    import { createRuntime } from 'warm-pool';
    import v8 from 'node:v8';
    import vm from 'node:vm';
    v8.setFlagsFromString('--expose-gc');
    const collectGarbage = vm.runInNewContext('gc');
    const runtime = await createRuntime({ hotReload: false, config: { pool: { max: 2 } } });
    const used = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    function* endless() {
      for (let id = 0; ; id++) yield { id, ballast: 'x'.repeat(10_000) + id };
    }
    let count = 0;
    let before;
    for await (const id of runtime.map('late', endless())) {
      if (id !== count++) throw new Error('out of order');
      if (count === 1_000) before = used();
      if (count === 6_000) break;
    }
    console.log(JSON.stringify((used() - before) / 2 ** 20));
    await runtime.close();`;
  // What was read in the 5,000 between is 50 MB.
  const grownMB = (await runProgram(project, program)) as number;
  assert(grownMB < 20, `the heap grew by ${grownMB} MB`);
});

for (const ordered of [true, false]) {
  const how = ordered ? 'in order' : 'without order';

  test(`the first error ends the iteration ${how}: the rest is cancelled and the source closed`, async (t) => {
    const { runtime } = await runProject(t, files, {
      config: { pool: { min: 3, max: 3, killGrace: 50 } },
    });
    const source = new Counted((index) => ({
      id: index,
      ms: index === 1 ? 'no number' : index === 0 ? 0 : 600_000,
    }));
    const results: unknown[] = [];
    const iterate = async () => {
      for await (const result of runtime.map('late', source, { ordered, concurrency: 3 }))
        results.push(result);
    };
    const error = await rejectionOf(iterate(), FunctionError);
    assert.equal((error.cause as { code: string }).code, 'ERR_INVALID_ARG_TYPE');
    if (ordered) assert.deepEqual(results, [0]);
    assert.equal(source.closed, 1);
    assert(source.read <= 4, `${source.read} were read`);
    await nothingIsLeft(runtime);
  });

  test(`with onError the iteration goes on ${how} and is told of each item that fails`, async (t) => {
    const { runtime } = await runProject(t, files, { config });
    const told: [number, number, unknown][] = [];
    const source = new Counted((index) => index, 10);
    const onError = async (error: Error, item: number, index: number) => {
      await turn();
      assert(error instanceof FunctionError);
      told.push([item, index, (error.cause as { value: unknown }).value]);
    };
    const results = await collect(
      runtime.map('odd', source, { ordered, onError } satisfies MapOptions<number>),
    );
    const evens = [0, 2, 4, 6, 8].map((each) => [each, each, each]);
    const byItem = (list: unknown[]) => (ordered ? list : list.toSorted());
    assert.deepEqual(byItem(results), [1, 3, 5, 7, 9]);
    assert.deepEqual(byItem(told), evens);
  });

  test(`what onError throws ends the iteration ${how}`, async (t) => {
    const { runtime } = await runProject(t, files, { config });
    const source = new Counted((index) => index);
    const enough = new Error('enough');
    let count = 0;
    const onError = () => {
      if (++count === 3) throw enough;
    };
    assert.equal(await rejectionOf(collect(runtime.map('odd', source, { ordered, onError })), Error), enough);
    assert.equal(source.closed, 1);
    await nothingIsLeft(runtime);
  });

  test(`a source that throws ends the iteration ${how}, and nothing runs on`, async (t) => {
    const { runtime } = await runProject(t, files, { config });
    for (const wrap of [<Item>(source: Iterable<Item>) => source, asynchronous]) {
      const broken = new Counted((index) => {
        if (index === 3) throw new RangeError('the source broke');
        return { id: index, ms: ordered ? 1 : 600_000 };
      });
      const results: unknown[] = [];
      const iterate = async () => {
        const onError = () => assert.fail('it is no error of an item');
        for await (const each of runtime.map('late', wrap(broken), { ordered, onError })) results.push(each);
      };
      assert.equal((await rejectionOf(iterate(), RangeError)).message, 'the source broke');
      assert.deepEqual(results, ordered ? [0, 1, 2] : []);
      await nothingIsLeft(runtime);
    }
  });
}

test('break, return and throw cancel what is out and close the source', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const item = (index: number) => ({ id: index, ms: index === 0 ? 0 : 600_000 });
  const ways: Record<string, (results: AsyncGenerator<unknown>) => Promise<unknown>> = {
    break: async (results) => {
      for await (const result of results) if (result === 0) break;
    },
    'a throw in the loop': async (results) => {
      const loop = async () => {
        for await (const _ of results) throw new RangeError('from the loop');
      };
      await rejectionOf(loop(), RangeError);
    },
    return: async (results) => {
      await results.next();
      assert.deepEqual(await results.return(undefined), { done: true, value: undefined });
    },
    throw: async (results) => {
      await results.next();
      await rejectionOf(results.throw(new RangeError('from outside')), RangeError);
    },
    'return while a result is waited for': async (results) => {
      await results.next();
      const next = results.next();
      assert.equal((await results.return(undefined)).done, true);
      assert.equal((await next).done, true);
    },
    'await using': async (results) => {
      await results.next();
      await results[Symbol.asyncDispose]();
    },
  };
  for (const [name, end] of Object.entries(ways)) {
    const source = new Counted(item);
    const results = runtime.map('late', source);
    await within(name, end(results));
    assert.equal(source.closed, 1, name);
    assert.equal((await results.next()).done, true, name);
    await nothingIsLeft(runtime);
  }
});

test('a source that never answers is left alone when the iteration ends', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  let returned = 0;
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => {
        returned++;
        return new Promise(() => {});
      },
    }),
  };
  const results = runtime.map('double', silent);
  const next = results.next();
  await within('the end', results.return());
  assert.equal((await within('the next', next)).done, true);
  assert.equal(returned, 1);
});

test('a signal ends the iteration at once, also while nobody asks, and keeps no listener', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const controller = new AbortController();
  const { signal } = controller;
  const item = (index: number) => ({ id: index, ms: index === 0 ? 0 : 600_000 });
  const [waited, idle] = [new Counted(item), new Counted(item)];
  const iterate = async () => {
    for await (const _ of runtime.map('late', waited, { signal }));
  };
  const idleResults = runtime.map('late', idle, { signal });
  assert.equal((await idleResults.next()).value, 0);
  const rejected = rejectionOf(iterate(), CancelledError);
  await until('both', () => waited.read > 1 && idle.read > 1);
  assert.equal(getEventListeners(signal, 'abort').length, 2);
  const reason = new Error('the user left');
  controller.abort(reason);
  assert.deepEqual([waited.closed, idle.closed], [1, 1]);
  await nothingIsLeft(runtime);
  const error = await rejected;
  assert.equal(error.cause, reason);
  assert.match(error.message, /iteration was cancelled: the user left/);
  assert.equal((await rejectionOf(idleResults.next(), CancelledError)).cause, reason);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  const late = new Counted(item);
  assert.equal(
    (await rejectionOf(collect(runtime.map('late', late, { signal })), CancelledError)).cause,
    reason,
  );
  assert.equal(late.opened, 0);
  const { signal: other } = new AbortController();
  await collect(runtime.map('double', [1], { signal: other }));
  assert.equal(getEventListeners(other, 'abort').length, 0);
});

test('the options of an invocation are those of each', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/seen.js': `export default (item, { attempt, cwd, remainingTime }) => {
        if (attempt === 1) throw new Error('once more');
        return [item, attempt, cwd, remainingTime() <= 5_000];
      };`,
    },
    { config },
  );
  const options = { timeout: '5s', cwd: '/somewhere', retry: { attempts: 2, backoff: 1 } };
  assert.deepEqual(await collect(runtime.map('seen', ['a', 'b'], options)), [
    ['a', 2, '/somewhere', true],
    ['b', 2, '/somewhere', true],
  ]);
});

test('a runtime that closes ends an iteration that goes on after errors', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const source = new Counted((index) => index);
  const onError = () => {};
  const iterate = async () => {
    let count = 0;
    for await (const _ of runtime.map('double', source, { onError }))
      if (++count === 50) void runtime.close();
  };
  await rejectionOf(iterate(), RuntimeClosedError);
  assert.equal(source.closed, 1);
  const missing = new Counted((index) => index);
  await assert.rejects(collect(runtime.map('nowhere', missing, { onError })), { code: 'RUNTIME_CLOSED' });
  assert.equal(missing.closed, 1);
});

test('a mistake in the source or an option is told at once', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const mistakes: [unknown, unknown, RegExp][] = [
    [5, {}, /the items of `map` to be an iterable or an async iterable, got 5 \(number\)/],
    ['photo.jpg', {}, /the items of `map` to be an iterable or an async iterable, got 'photo.jpg'/],
    [undefined, {}, /the items of `map` to be .*, got nothing/],
    [{ length: 1 }, {}, /the items of `map` to be an iterable/],
    [{ [Symbol.iterator]: 5 }, {}, /the items of `map` to be an iterable/],
    [[], { concurrency: 0 }, /the `concurrency` option to be a whole number of at least 1, got 0/],
    [[], { concurrency: Number.POSITIVE_INFINITY }, /the `concurrency` option to be .*, got Infinity/],
    [[], { ordered: 'yes' }, /the `ordered` option to be true or false, got 'yes'/],
    [[], { onError: 'continue' }, /the `onError` option to be a function, got 'continue'/],
    [[], { signal: {} }, /the `signal` option to be an AbortSignal/],
    [[], { timeout: 'soon' }, /the `timeout` option to be a number of ms above 0/],
    [[], { priority: 'urgent' }, /the `priority` option to be one of high, normal, low/],
    [[], { retry: {} }, /the `retry.attempts` option to be .*, got nothing/],
    [[], { concurency: 2 }, /`map` has no option `concurency`, did you mean "concurrency"\?/],
    [[], { transfer: [] }, /`map` has no option `transfer`: it has concurrency, ordered, /],
    [[], null, /the options of `map` to be an object, got null/],
  ];
  for (const [source, options, message] of mistakes) {
    const map = () => runtime.map('double', source as number[], options as MapOptions<number>);
    assert.throws(map, (error) => error instanceof TypeError && message.test(error.message), String(message));
  }
});

test('an iterator that keeps to no protocol ends the iteration, and says so', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const sources: [unknown, RegExp][] = [
    [{ [Symbol.iterator]: () => 5 }, /the iterator of the items to have a `next`, got 5/],
    [{ [Symbol.asyncIterator]: () => ({}) }, /the iterator of the items to have a `next`, got {}/],
    [{ [Symbol.iterator]: () => ({ next: () => 5 }) }, /`next` of the items to give an object, got 5/],
    [
      { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) },
      /`next` of the items to give an object, got nothing/,
    ],
  ];
  for (const [source, message] of sources) {
    const results = collect(runtime.map('double', source as number[], { onError() {} }));
    await within(
      'the end',
      assert.rejects(results, (error) => error instanceof TypeError && message.test(error.message)),
    );
  }
});
