import assert from 'node:assert/strict';
import vm from 'node:vm';
import type { Runtime } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';

export type Written<Args extends never[] = never[], Result = unknown> = (...args: Args) => Result;

/** The function that a file of JavaScript has in this place: tsx writes those of the tests anew, in one line. */
export function written<Fn extends Written = Written>(source: string, { strict = true } = {}): Fn {
  return vm.runInThisContext(`${strict ? '"use strict";' : ''}(${source}\n)`) as Fn;
}

/** The function `f` of an object, a class or a module that is written so. */
export function writtenIn<Fn extends Written = Written>(source: string, { strict = true } = {}): Fn {
  return vm.runInThisContext(`${strict ? '"use strict";' : ''}(function () { ${source}\n })()`) as Fn;
}

/** Why a function is not sent. */
export async function refusalOf(runtime: Runtime, fn: unknown): Promise<string> {
  const { message } = await rejectionOf(runtime.run(fn as Written), TypeError);
  assert.equal(runtime.stats().queued + runtime.stats().running, 0, 'it was sent all the same');
  return message;
}
