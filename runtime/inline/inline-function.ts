import path from 'node:path';
import { encodeValue } from '../channel/codec.ts';
import type { InlineSource } from '../channel/messages.ts';
import type { InlineFunction } from '../invocation/inline-function.ts';
import { expectedText } from '../options/expected.ts';
import { findImports } from './imports.ts';
import { isGlobal } from './node-globals.ts';
import { findOutside, type Outside } from './outside.ts';
import { type ParsedFunction, parseFunction } from './parse.ts';
import { given, isCounter, outsideText } from './refusal.ts';

// biome-ignore lint/complexity/noBannedTypes: any function is looked at, and none is called.
export type AnyFunction = Function;

/** Where a function is compiled. */
export interface InlinePlace {
  /** The project's folder. */
  readonly root: string;
  /** Relative imports are resolved against it. */
  readonly folder: string;
}

/** What functions without a name are called. */
const anonymous = '(anonymous)';

/** So many sources are remembered, for functions that are made anew for each call; of most programs that is all. */
const mostSources = 1_000;

const byFunction = new WeakMap<AnyFunction, InlinePlace & { readonly inline: InlineFunction }>();
const bySource = new Map<string, InlineFunction>();

/**
 * Makes of a function what can be sent. It is looked at once: the next time it is known.
 * @throws TypeError that says why it can't be sent: all that it refers to outside of itself
 */
export function inlineFunctionOf(fn: unknown, place: InlinePlace): InlineFunction {
  if (typeof fn !== 'function') throw new TypeError(expectedText('`run` to be given a function', fn));
  const known = byFunction.get(fn);
  if (known?.folder === place.folder && known.root === place.root) return known.inline;
  const inline = bySourceOf(fn, place);
  byFunction.set(fn, { ...place, inline });
  return inline;
}

/** What errors, logs and events call it. */
export function nameOfFunction(fn: unknown): string {
  const name: unknown = typeof fn === 'function' ? Object.getOwnPropertyDescriptor(fn, 'name')?.value : '';
  return typeof name === 'string' && name !== '' ? name : anonymous;
}

function bySourceOf(fn: AnyFunction, place: InlinePlace): InlineFunction {
  const source = Function.prototype.toString.call(fn);
  const name = nameOfFunction(fn);
  const isSloppy = Object.hasOwn(fn, 'caller');
  const key = [place.root, place.folder, name, isSloppy, source].join('\0');
  const inline = bySource.get(key) ?? makeInline({ source, name, isSloppy }, place);
  // The one that was used last is the last.
  bySource.delete(key);
  bySource.set(key, inline);
  if (bySource.size > mostSources) bySource.delete(bySource.keys().next().value as string);
  return inline;
}

interface Text {
  readonly source: string;
  readonly name: string;
  readonly isSloppy: boolean;
}

function makeInline({ source, name, isSloppy }: Text, { root, folder }: InlinePlace): InlineFunction {
  try {
    const parsed = parseFunction(source, name, isSloppy);
    const outside = findOutside(parsed.node, parsed.isStrict);
    const counters = [...outside.keys()].filter(isCounter);
    const missing = withoutKnown(outside);
    if (missing.size > 0) throw new Error(outsideText(name, missing, !source.includes('\n')));
    const { hasImport, loadsTypeScript } = findImports(parsed.node, folder);
    const inline: InlineSource = {
      ...scriptOf(parsed, name, counters),
      name,
      counters,
      root,
      file: path.join(folder, fileNameOf(name)),
      hasImport,
      loadsTypeScript,
    };
    return { name, definition: encodeValue(inline) };
  } catch (error) {
    const { message, cause } = error as Error;
    throw new TypeError(`\`run\` can't send the function "${name}": ${message}`, { cause });
  }
}

function withoutKnown(outside: Outside): Outside {
  const isKnown = (name: string) =>
    (given as readonly string[]).includes(name) || isGlobal(name) || isCounter(name);
  return new Map([...outside].filter(([name]) => !isKnown(name)));
}

/** All that is not of the function stands in its first line and behind its last. */
function scriptOf({ source, isMethod, isStrict }: ParsedFunction, name: string, counters: readonly string[]) {
  const mode = isStrict ? '"use strict"; ' : '';
  // A computed name: `__proto__` would be no property.
  const key = isMethod ? '' : `[${JSON.stringify(name === anonymous ? '' : name)}]: `;
  const before = `(function (${[...given, ...counters].join(', ')}) { ${mode}return { ${key}`;
  return { script: `${before}${source}\n}; })`, offset: before.length };
}

/** What its stacks show as its file, in the folder that its imports are resolved against. */
function fileNameOf(name: string): string {
  return `run:${name.replace(/[\\/\p{Cc}]/gu, '_').slice(0, longestName)}`;
}

const longestName = 100;
