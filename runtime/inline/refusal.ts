import type { Outside } from './outside.ts';

/** What a worker has beside the globals, as a module has it; and what esbuild and tsx call to keep names. */
export const given = ['require', '__name'] as const;

/** Istanbul's counters: what covers a function must not change what it does. */
export function isCounter(name: string): boolean {
  return /^cov_[\da-z]+$/.test(name);
}

/** Says what it refers to outside of itself, and what to do. */
export function outsideText(name: string, outside: Outside, isOneLine: boolean): string {
  const list = Array.from(outside, ([what, lines]) => {
    return isOneLine ? `\`${what}\`` : `\`${what}\` (${linesText([...lines])})`;
  });
  const are = list.length === 1 ? 'which is' : 'which are';
  const advice = adviceOn([...outside.keys()], name);
  return `it refers to ${listText(list)}, ${are} outside of it, and only its source is sent. ${advice.join(' ')}`;
}

function linesText(lines: readonly number[]): string {
  return lines.length === 1 ? `line ${lines[0]}` : `lines ${listText(lines.map(String))}`;
}

function listText(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function adviceOn(outside: readonly string[], name: string): string[] {
  const advice = new Set<string>();
  for (const what of outside) advice.add(adviceOf(what, name));
  return [...advice];
}

function adviceOf(what: string, name: string): string {
  const known = what.startsWith('#') ? ofObject : notSent.get(what);
  if (known !== undefined) return known;
  if (what === name) return `To call itself it has to be written as \`function ${name}(…) { … }\`.`;
  // Vite's names of imports are no such thing.
  if (what.startsWith('__') && !/^__vi\w*import/.test(what)) {
    return (
      `\`${what}\` is what a build tool has put into the module of the function: have it build for a newer ` +
      'target, such as node20 or ES2022, or leave out the syntax or the option that it is for.'
    );
  }
  return "Pass values as arguments, and import inside of it: `const { createHash } = await import('node:crypto')`.";
}

const ofFile = 'Pass the path of its file as an argument.';
const ofObject = 'The object that it belongs to is not sent: pass what it needs of that as an argument.';

const notSent: ReadonlyMap<string, string> = new Map([
  ['this', ofObject],
  ['super', ofObject],
  ['new.target', 'It is called, and not constructed.'],
  ['import.meta', ofFile],
  ['__filename', ofFile],
  ['__dirname', ofFile],
  ['with', 'What is used inside of `with` can belong to anything: write it without.'],
  [
    'arguments',
    'Those of an arrow function are of the function around it: give it parameters, `(...args) => …`.',
  ],
]);
