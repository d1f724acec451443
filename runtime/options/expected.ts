import { inspect } from 'node:util';

/** Says what was expected and what was found: `expected a string, got 5 (number)`. */
export function expectedText(what: string, found: unknown): string {
  if (found === undefined) return `expected ${what}, got nothing`;
  const shown = inspect(found, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 });
  return `expected ${what}, got ${shown} (${Array.isArray(found) ? 'array' : typeof found})`;
}

/** The same as the message of a valibot schema. */
export function expected(what: string) {
  return ({ input }: { input?: unknown }) => expectedText(what, input);
}
