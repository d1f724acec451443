import { posix, relative, resolve, sep } from 'node:path';
import { folderOf, nameOf } from './selection.ts';

/** Whether a file is to be taken for an output: not at all, for a short while, or until its writer has ended. */
export type Suspicion = 'none' | 'passing' | 'lasting';

/**
 * Learns from results where a function puts its outputs, so that a file which appears in such a place while an
 * invocation runs is held back until the result says whether it was written by it. Files that land anywhere
 * else are nobody's output and wait for nothing. Until there is something to go by, names tell.
 *
 * All paths are relative to the watched folder.
 */
export class OutputPlaces {
  #learned = false;
  // By where they are: relative to the folder of a source, or fixed below the watched folder.
  readonly #besideSource = new Map<string, Place>();
  readonly #fixed = new Map<string, Place>();
  // Folders that files were handed in from while outputs could be anywhere.
  readonly #sourceFolders = new Set<string>();

  /** Whether an output may be anywhere: nothing is known yet, or there is no pattern to be seen. */
  get areAnywhere(): boolean {
    return !this.#learned || this.#besideSource.size > mostPlaces;
  }

  /** What has been learned, in a form that JSON can carry. */
  get learned(): LearnedPlaces | undefined {
    if (!this.#learned) return undefined;
    return { besideSource: [...this.#besideSource], fixed: [...this.#fixed] };
  }

  /** Takes over what was learned before. */
  restore({ besideSource, fixed }: LearnedPlaces): void {
    this.#learned = true;
    for (const [folder, place] of besideSource) this.#besideSource.set(folder, place);
    for (const [folder, place] of fixed) this.#fixed.set(folder, place);
  }

  /** Takes down that a file was handed in. */
  began(source: string): void {
    if (this.areAnywhere) this.#sourceFolders.add(folderOf(source));
  }

  /**
   * Takes down what one invocation listed; returns whether that was news. An empty list is knowledge too: this function
   * lists no outputs.
   */
  learn(source: string, outputs: readonly string[]): boolean {
    let isNews = !this.#learned;
    this.#learned = true;
    for (const output of outputs) {
      if (this.areAnywhere || this.#isPredicted(source, output)) continue;
      isNews = true;
      const { folder, isDeep } = split(posix.relative(folderOf(source), output));
      const place = { isDeep, isNamedAfterSource: nameOf(output).includes(stemOf(source)) };
      this.#besideSource.set(folder, merge(this.#besideSource.get(folder), place));
      const fixed = posix.join(folderOf(source), folder);
      this.#fixed.set(fixed, merge(this.#fixed.get(fixed), place));
    }
    return isNews;
  }

  /** Whether `path`, which appeared during an invocation for `source`, may have been written by it. */
  suspicion(source: string, path: string): Suspicion {
    if (source === path) return 'none';
    if (!this.areAnywhere) return this.#isPredicted(source, path) ? 'lasting' : 'none';
    // A function names an output after its source, or puts it into another folder, or both, so that people can tell it
    // from what lands. The source's name is reason enough to wait for the result, however long it takes. Another folder
    // is not, as photos land in folders too and a first run may be slow or hang: the result has a short while to list
    // such a file. What lands where sources land, under a name of its own, is one of them.
    if (isNamedAfter(source, path)) return 'lasting';
    const isAmongSources = this.#sourceFolders.has(folderOf(path));
    return isAmongSources && !nameOf(path).includes(stemOf(source)) ? 'none' : 'passing';
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

/** What {@link OutputPlaces} has learned: folders with what is known of the outputs in them. */
export interface LearnedPlaces {
  readonly besideSource: readonly (readonly [folder: string, place: Place])[];
  readonly fixed: readonly (readonly [folder: string, place: Place])[];
}

interface Place {
  /** Whether outputs lie in folders below it as well. */
  readonly isDeep: boolean;
  /** Whether the name of an output contains the source's, without extension. */
  readonly isNamedAfterSource: boolean;
}

// A function that scatters its outputs over more folders has no pattern worth testing for each file that lands.
const mostPlaces = 32;

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

// As a word of its own: `IMG_1-small.jpg` is named after `IMG_1.jpg`, and `IMG_10.jpg` is not.
function isNamedAfter(source: string, path: string): boolean {
  const stem = stemOf(source).toLowerCase();
  const name = nameOf(path).toLowerCase();
  for (let start = name.indexOf(stem); start !== -1; start = name.indexOf(stem, start + 1)) {
    const end = start + stem.length;
    if (!isInWord(name, start) && !isInWord(name, end)) return true;
  }
  return false;
}

// Whether the characters before and at this position are two letters or two digits.
function isInWord(name: string, position: number): boolean {
  return /^(?:\p{L}{2}|\d{2})$/u.test(name.slice(Math.max(0, position - 1), position + 1));
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
