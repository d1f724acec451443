import picomatch from 'picomatch';
import { isNeverMatched } from './ignore.ts';

/** Which paths below the watched folder are the trigger's business. Paths are relative, with `/`. */
export interface Selection {
  file(relativePath: string): boolean;
  /** Whether the folder is entered, once the one that it is in is. */
  folder(relativePath: string): boolean;
  /** Whether a file with this path is taken up: it matches, and every folder that it is in is entered. */
  takes(relativePath: string): boolean;
}

export interface Globs {
  readonly match: readonly string[];
  readonly ignore: readonly string[];
  readonly recursive: boolean;
}

/** Compiles the globs of the options. */
export function selectionOf({ match, ignore, recursive }: Globs): Selection {
  const isMatched = anyOf(match);
  const isIgnored = anyOf(ignore);
  const file = (path: string) => !isNeverMatched(nameOf(path)) && isMatched(path) && !isIgnored(path);
  const folder = (path: string) => recursive && !isNeverMatched(nameOf(path)) && !isIgnored(path);
  const isReached = (path: string): boolean => path === '' || (folder(path) && isReached(folderOf(path)));
  return { file, folder, takes: (path) => file(path) && isReached(folderOf(path)) };
}

/** The part after the last slash. */
export function nameOf(relativePath: string): string {
  return relativePath.slice(relativePath.lastIndexOf('/') + 1);
}

/** The part before the last slash; empty for what lies in the watched folder itself. */
export function folderOf(relativePath: string): string {
  return relativePath.slice(0, Math.max(0, relativePath.lastIndexOf('/')));
}

function anyOf(patterns: readonly string[]): (path: string) => boolean {
  const tests = patterns.map(compile);
  return (path) => tests.some((test) => test(path));
}

// Cameras write `.JPG` where people write `*.jpg`: extensions are compared in lower case, the rest of the path as it is.
function compile(pattern: string): (path: string) => boolean {
  const trimmed = pattern.replace(/^\.\//, '').replace(/(?<=.)\/$/, '');
  const options = { dot: true };
  const exact = picomatch(trimmed, options);
  const lowered = picomatch(lowerExtensions(trimmed), options);
  const subject = trimmed.includes('/') ? (path: string) => path : nameOf;
  return (path) => {
    const text = subject(path);
    return exact(text) || lowered(lowerExtensions(text));
  };
}

// In `*.{JPG,png}` or `{*.JPG,*.PNG}`, each run after a dot that reaches the end of the name or of an alternative.
function lowerExtensions(text: string): string {
  return text.replace(/\.[^./]+(?=[,|)}]|$)/g, (extension) => extension.toLowerCase());
}
