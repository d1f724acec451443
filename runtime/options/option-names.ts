import { didYouMean } from './did-you-mean.ts';
import { expectedText } from './expected.ts';

/**
 * Checks that options are an object, and have nothing but what is known: one that is misspelt would be left out without
 * a word. `call` is what they were given to, as in `runtime.invoke`.
 * @throws TypeError that says what was expected
 */
export function checkOptionNames(call: string, options: unknown, known: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(expectedText(`the options of \`${call}\` to be an object`, options));
  for (const name in options) {
    if (known.has(name)) continue;
    const hint = didYouMean(name, [...known]) || `: it has ${[...known].join(', ')}`;
    throw new TypeError(`\`${call}\` has no option \`${name}\`${hint}`);
  }
}
