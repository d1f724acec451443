import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A place in a source file. */
export interface SourceLocation {
  /** Relative to the working folder where it is below it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The place in the user's own code that an error's stack names first: not in Node, a package or this one. */
export function locationOf(stack: string | undefined): SourceLocation | undefined {
  for (const line of (stack ?? '').split('\n')) {
    const frame = frameOf(line);
    if (frame && !isForeign(frame.file)) return { ...frame, file: shortPath(frame.file) };
  }
  return undefined;
}

// As in `at handler (file:///p/functions/a.ts?ns=1:3:9)` and `at async /p/functions/a.js:3:9`.
const framePattern = /^\s+at (?:.*? ?\()?(?:async )?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/;

function frameOf(line: string): SourceLocation | undefined {
  const [, place, row, column] = framePattern.exec(line) ?? [];
  if (place === undefined) return undefined;
  const file = pathOf(place);
  return file === undefined ? undefined : { file, line: Number(row), column: Number(column) };
}

function pathOf(place: string): string | undefined {
  if (!place.startsWith('file://')) return place;
  try {
    // The loaders put what they have to tell each other behind a question mark.
    return fileURLToPath(place.replace(/\?.*$/, ''));
  } catch {
    return undefined;
  }
}

// cli/ and runtime/ are side by side, in the sources as in the package; the functions beside them are like a user's.
const ours = ['../', '../../runtime/'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));

function isForeign(file: string): boolean {
  return ours.some((folder) => file.startsWith(folder)) || file.includes(`${sep}node_modules${sep}`);
}

function shortPath(file: string): string {
  const fromHere = relative(process.cwd(), file);
  return fromHere.startsWith('..') ? file : fromHere;
}
