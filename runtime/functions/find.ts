import { compileFunctions } from '../compile/compile-functions.ts';
import { versionOf } from '../modules/version.ts';
import { type Discovery, discoverFunctions } from './discovery.ts';
import type { FunctionFolder } from './folders.ts';

/** Where the functions of a project are. */
export interface FunctionsPlace {
  readonly folders: readonly FunctionFolder[];
  /** The project's folder. */
  readonly root: string;
  /** Where compiled functions are kept; undefined when they are not to be compiled. */
  readonly compiled: string | undefined;
}

/** What the folders hold, ready to be loaded. */
export interface FoundFunctions extends Discovery {
  /** Names the content of each module that was compiled, by its file. */
  readonly compiledFrom: ReadonlyMap<string, string>;
}

/** Finds the functions, and compiles what can be compiled of them. Throws what `discoverFunctions` does. */
export async function findFunctions({ folders, root, compiled }: FunctionsPlace): Promise<FoundFunctions> {
  const { sources, clashes } = await discoverFunctions(folders);
  if (compiled === undefined) return { sources, clashes, compiledFrom: new Map() };
  return { clashes, ...(await compileFunctions(sources, { root, folder: compiled })) };
}

/** Whether the functions are still as they were found. */
export async function areAsFound(found: FoundFunctions, { folders }: FunctionsPlace): Promise<boolean> {
  const { sources } = await discoverFunctions(folders);
  if (sources.length !== found.sources.length) return false;
  const areSame = sources.every(({ file, version }, index) => {
    const known = found.sources[index];
    return file === known?.file && version === known.version;
  });
  return areSame && Array.from(found.compiledFrom).every(([file, version]) => hasVersion(file, version));
}

function hasVersion(file: string, version: string): boolean {
  try {
    return versionOf(file) === version;
  } catch {
    return false; // it is gone
  }
}
