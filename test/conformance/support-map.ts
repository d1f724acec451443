import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Runtime } from 'warm-pool';
import { within } from '../support/wait.ts';

/** Functions for the items of a map. */
export const files = {
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

/** Two workers, and little patience with what goes on after it was cancelled. */
export const pool = { max: 2, killGrace: 50 };

/** A source that knows how far it was read, and how it ended. */
export class Counted<Item> implements Iterable<Item> {
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
export async function* asynchronous<Item>(source: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of source) {
    await turn();
    yield item;
  }
}

export async function collect<Result>(results: AsyncIterable<Result>): Promise<Result[]> {
  const all: Result[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** Nothing is left of an iteration that has ended. */
export async function nothingIsLeft(runtime: Runtime): Promise<void> {
  await within('the drain', runtime.drain());
  assert.deepEqual([runtime.stats().queued, runtime.stats().running], [0, 0]);
}

export const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
export const doubles = (count: number) => numbers(count).map((each) => each * 2);
