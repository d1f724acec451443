import { posix, relative, resolve, sep } from 'node:path';
import { folderOf, nameOf } from './selection.ts';

/**
 * Learns from results where a function puts its outputs, so that a file which appears in such a place while an
 * invocation runs is held back until the result says whether it was written by it. Files that land anywhere
 * else are nobody's output and wait for nothing.
 *
 * All paths are relative to the watched folder.
 */
export class OutputPlaces {
  #learned = false;
  // By where they are: relative to the folder of a source, or fixed below the watched folder.
  readonly #besideSource = new Map<string, Place>();
  readonly #fixed = new Map<string, Place>();

  /** Whether an output may be anywhere: nothing is known yet, or there is no pattern to be seen. */
  get areAnywhere(): boolean {
    return !this.#learned || this.#besideSource.size > MOST_PLACES;
  }

  /** Takes down what one invocation listed. An empty list is knowledge too: this function lists no outputs. */
  learn(source: string, outputs: readonly string[]): void {
    this.#learned = true;
    for (const output of outputs) {
      if (this.areAnywhere || this.#isPredicted(source, output)) continue;
      const { folder, isDeep } = split(posix.relative(folderOf(source), output));
      const place = { isDeep, isNamedAfterSource: nameOf(output).includes(stemOf(source)) };
      this.#besideSource.set(folder, merge(this.#besideSource.get(folder), place));
      const fixed = posix.join(folderOf(source), folder);
      this.#fixed.set(fixed, merge(this.#fixed.get(fixed), place));
    }
  }

  /** Whether an invocation for `source` may have written `path`, as far as the places tell. */
  mayHaveWritten(source: string, path: string): boolean {
    return source !== path && (this.areAnywhere || this.#isPredicted(source, path));
  }

  #isPredicted(source: string, path: string): boolean {
    for (const [folder, place] of this.#besideSource) {
      if (fits(place, posix.join(folderOf(source), folder), source, path)) return true;
    }
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      const place = this.#fixed.get(folder === '' ? '.' : folder);
      if (place && fits(place, folder, source, path)) return true;
      if (folder === '') return false;
    }
  }
}

interface Place {
  /** Whether outputs lie in folders below it as well. */
  readonly isDeep: boolean;
  /** Whether the name of an output contains the source's, without extension. */
  readonly isNamedAfterSource: boolean;
}

// A function that scatters its outputs over more folders has no pattern worth testing for each file that lands.
const MOST_PLACES = 32;

// `thumbnails/1024x683/a.jpg` → everything below `thumbnails`: the folders below it may depend on the photo.
function split(output: string): { folder: string; isDeep: boolean } {
  const up = /^(?:\.\.\/)*/.exec(output)?.[0] ?? '';
  const [first = '', ...rest] = output.slice(up.length).split('/');
  return { folder: posix.join(up, rest.length > 0 ? first : '.'), isDeep: rest.length > 0 };
}

function merge(known: Place | undefined, place: Place): Place {
  if (!known) return place;
  return {
    isDeep: known.isDeep || place.isDeep,
    isNamedAfterSource: known.isNamedAfterSource && place.isNamedAfterSource,
  };
}

function fits(place: Place, folder: string, source: string, path: string): boolean {
  if (place.isNamedAfterSource && !nameOf(path).includes(stemOf(source))) return false;
  const base = folder === '.' ? '' : folder.replace(/\/$/, '');
  const own = folderOf(path);
  return own === base || (place.isDeep && (base === '' || own.startsWith(`${base}/`)));
}

function stemOf(path: string): string {
  return nameOf(path).replace(/(?<=.)\.[^.]*$/, '');
}

/** The paths that a result lists as `outputs: [{ path }]`; none when it has another shape. */
export function listedOutputs(result: unknown): string[] {
  if (typeof result !== 'object' || result === null || !('outputs' in result)) return [];
  const { outputs } = result;
  if (!Array.isArray(outputs)) return [];
  return outputs.flatMap((output: unknown) =>
    typeof output === 'object' && output !== null && 'path' in output && typeof output.path === 'string'
      ? [output.path]
      : [],
  );
}

/** The form of a path that the trigger uses, or undefined when it lies outside of all `roots`. */
export function pathBelow(roots: readonly string[], cwd: string, path: string): string | undefined {
  for (const root of roots) {
    const below = relative(root, resolve(cwd, path));
    if (below !== '' && below !== '..' && !below.startsWith(`..${sep}`) && resolve(below) !== below) {
      return below.split(sep).join('/');
    }
  }
  return undefined;
}
