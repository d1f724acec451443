import { inspect } from 'node:util';
import type { ConfigIssue } from '../../invocation/errors.ts';
import { didYouMean } from '../../options/did-you-mean.ts';
import { completeByExtension } from './completeness/complete.ts';
import type { CompletenessCheck, WatchedFile } from './watched-file.ts';

/** Options of {@link watch}. */
export interface WatchOptions {
  /**
   * The folder to watch, absolute or relative to the configuration file's folder. It is created when it doesn't exist;
   * when it is removed later, the trigger waits for its return.
   */
  path: string;
  /**
   * Which files, as a glob or a list of them; default: all. A pattern without a slash matches the file's name at any
   * depth, one with a slash its path below the watched folder. Extensions match without case: `*.jpg` takes `A.JPG`.
   *
   * Hidden files and what programs call an unfinished file (`*.part`, `*.tmp`, `*~` and the like) never match.
   */
  match?: string | readonly string[];
  /** Files and folders that are left alone, in the same form, as in `['thumbnails', 'drafts/**']`. Wins over `match`. */
  ignore?: string | readonly string[];
  /** Whether folders inside the folder are watched too, those included that appear later. Default: true. */
  recursive?: boolean;
  /** The name of the function to invoke, once for each version of each file. */
  invoke: string;
  /** Makes the function's arguments: `(file) => ({ src: file.path })`. */
  args: (file: WatchedFile) => unknown;
  /** Whether files that are there at the start are taken up too. Default: true. */
  existing?: boolean;
  /** How often a version may fail before it is set aside until the file changes. Default: 3. */
  attempts?: number;
  /**
   * Tells a file that has arrived completely from one that is still being written. Default: `complete.jpeg` for the
   * extensions of JPEG, else `complete.stable`.
   */
  complete?: CompletenessCheck;
  /** Names the trigger among those of one configuration. Default: the path and the function. */
  id?: string;
}

/** The options, checked and with their defaults. */
export interface WatchSettings {
  readonly path: string;
  readonly match: readonly string[];
  readonly ignore: readonly string[];
  readonly recursive: boolean;
  readonly invoke: string;
  readonly args: (file: WatchedFile) => unknown;
  readonly existing: boolean;
  readonly attempts: number;
  readonly complete: CompletenessCheck;
  readonly id: string;
}

/** Every mistake in the options, with the name of the option as its path. */
export function checkOptions(options: unknown): ConfigIssue[] {
  if (isRecord(options)) return findIssues(options);
  return [{ path: '', message: expected('an object with the options of `watch`', options) }];
}

/** Fills in the defaults of options that have no mistakes. */
export function readOptions(options: WatchOptions): WatchSettings {
  const { path, match, ignore, recursive, invoke, args, existing, attempts, complete, id } = options;
  return {
    path,
    match: match === undefined ? ['*'] : [match].flat(),
    ignore: ignore === undefined ? [] : [ignore].flat(),
    recursive: recursive ?? true,
    invoke,
    args,
    existing: existing ?? true,
    attempts: attempts ?? 3,
    complete: complete ?? completeByExtension,
    id: id ?? `${path.replace(/(?<=.)[/\\]+$/, '')}:${invoke}`,
  };
}

interface Rule {
  readonly required?: boolean;
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isFunction = (value: unknown) => typeof value === 'function';
const isGlobs = (value: unknown) =>
  isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText));

const rules: Record<keyof WatchOptions, Rule> = {
  path: { required: true, expected: 'the path of a folder', accepts: isText },
  match: { expected: 'a glob or a list of globs', accepts: isGlobs },
  ignore: {
    expected: 'a glob or a list of globs',
    accepts: (value) => isGlobs(value) || (Array.isArray(value) && value.length === 0),
  },
  recursive: { expected: 'true or false', accepts: isBoolean },
  invoke: { required: true, expected: 'the name of a function', accepts: isText },
  args: { required: true, expected: 'a function that makes the arguments from a file', accepts: isFunction },
  existing: { expected: 'true or false', accepts: isBoolean },
  attempts: {
    expected: 'a whole number from 1 on',
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  },
  complete: { expected: 'a function such as `complete.jpeg`', accepts: isFunction },
  id: { expected: 'a name', accepts: isText },
};

function findIssues(options: Record<string, unknown>): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const names = Object.keys(rules);
  for (const [path, rule] of Object.entries(rules)) {
    const value = options[path];
    if (value === undefined ? rule.required : !rule.accepts(value)) {
      issues.push({ path, message: expected(rule.expected, value) });
    } else if (path === 'match' || path === 'ignore') {
      const globs = [value ?? []].flat() as string[];
      issues.push(...globs.flatMap((glob) => findGlobMistake(glob).map((message) => ({ path, message }))));
    }
  }
  for (const path of Object.keys(options)) {
    if (names.includes(path)) continue;
    issues.push({ path, message: `there is no such option${didYouMean(path, names)}` });
  }
  return issues;
}

// Patterns that compile and can never do what was meant.
function findGlobMistake(glob: string): string[] {
  if (/^(?:[/\\]|[a-z]:[/\\]|\.\.(?:[/\\]|$))/i.test(glob)) {
    return [expected('a glob relative to the watched folder', glob)];
  }
  if (/^!(?!\()/.test(glob)) return [expected('a glob without negation (use `ignore` for it)', glob)];
  return [];
}

// The same sentence as in the configuration, but one deeper: options are lists and functions more often.
function expected(what: string, found: unknown): string {
  if (found === undefined) return `expected ${what}, got nothing`;
  const shown = inspect(found, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 });
  return `expected ${what}, got ${shown} (${Array.isArray(found) ? 'array' : typeof found})`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
