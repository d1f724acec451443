import { inspect } from 'node:util';
import type { ConfigIssue } from '../errors/pool-errors.ts';
import { didYouMean } from '../options/did-you-mean.ts';

/** What an option of a trigger may be. */
export interface OptionRule {
  readonly required?: boolean;
  /** As it stands in messages: `expected a name`. */
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** What is wrong with a value that is accepted so far, as messages. */
  mistakesIn?(value: unknown): string[];
}

/** The rules of all options of a trigger, by their names. */
export type OptionRules<Options> = Readonly<Record<keyof Options & string, OptionRule>>;

/** Every mistake in the options of a trigger of this kind, with the name of the option as its path. */
export function findMistakes<Options>(
  kind: string,
  rules: OptionRules<Options>,
  options: unknown,
): ConfigIssue[] {
  if (!isRecord(options))
    return [{ path: '', message: expected(`an object with the options of \`${kind}\``, options) }];
  const names = Object.keys(rules);
  const unknown = Object.keys(options).filter((name) => !names.includes(name));
  return [
    ...Object.entries<OptionRule>(rules).flatMap(([path, rule]) =>
      messagesOf(rule, options[path]).map((message) => ({ path, message })),
    ),
    ...unknown.map((path) => ({ path, message: `there is no such option${didYouMean(path, names)}` })),
  ];
}

/** Says what was expected and what was found. One deeper than in the configuration: options are lists more often. */
export function expected(what: string, found: unknown): string {
  if (found === undefined) return `expected ${what}, got nothing`;
  const shown = inspect(found, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 });
  return `expected ${what}, got ${shown} (${Array.isArray(found) ? 'array' : typeof found})`;
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

export const isFunction = (value: unknown) => typeof value === 'function';

/** What several triggers have. */
export const commonRules = {
  invoke: { required: true, expected: 'the name of a function', accepts: isText },
  attempts: {
    expected: 'a whole number from 1 on',
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  },
  id: { expected: 'a name', accepts: isText },
} as const satisfies Record<string, OptionRule>;

function messagesOf(rule: OptionRule, value: unknown): string[] {
  if (value === undefined) return rule.required ? [expected(rule.expected, value)] : [];
  if (!rule.accepts(value)) return [expected(rule.expected, value)];
  return rule.mistakesIn?.(value) ?? [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
