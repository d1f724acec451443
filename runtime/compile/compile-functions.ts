import fs from 'node:fs/promises';
import path from 'node:path';
import type { FunctionSource } from '../channel/messages.ts';
import { isCommonJs, isTypeScript } from '../modules/module-kind.ts';
import { type CompiledModule, compileModules } from './compile-modules.ts';
import { withEsbuild } from './esbuild.ts';
import { storeModules } from './store.ts';

export interface CompileOptions {
  /** The project's folder: its tsconfig.json holds. */
  readonly root: string;
  /** Where compiled modules are kept. */
  readonly folder: string;
}

/** Functions as workers are to load them. */
export interface CompiledFunctions {
  readonly sources: readonly FunctionSource[];
  /** Names the content of each module that was compiled, by its file. */
  readonly compiledFrom: ReadonlyMap<string, string>;
}

/**
 * Compiles functions that are TypeScript, and what they import of the project, so that workers load plain modules: on
 * Node 20 each import through tsx crosses to another thread, and a worker with the thumbnail function took twice as long.
 *
 * All or none: a module that some functions got compiled and others through tsx would be there twice. None when one of
 * them can't be compiled to what it is under tsx, or can't be compiled at all: tsx finds out why, and tells it.
 */
export async function compileFunctions(
  sources: readonly FunctionSource[],
  { root, folder }: CompileOptions,
): Promise<CompiledFunctions> {
  const asTheyAre = { sources, compiledFrom: new Map<string, string>() };
  const typed = sources.filter(({ file }) => isTypeScript(file));
  if (typed.length === 0 || typed.some(({ file }) => isCommonJs(file))) return asTheyAre;
  try {
    // Where Node says that a module is, also when the folder is a link.
    const files = await Promise.all(sources.map(({ file }) => fs.realpath(file)));
    const modules = await withEsbuild((esbuild) => compileModules(files, { esbuild, root }));
    if (!modules) return asTheyAre;
    const stored = await storeModules(modules.values(), folder);
    return {
      sources: sources.map((source, index) =>
        withCompiled(source, modules.get(files[index] as string), stored),
      ),
      compiledFrom: new Map(Array.from(modules, ([file, { version }]) => [file, version])),
    };
  } catch {
    return asTheyAre;
  }
}

function withCompiled(source: FunctionSource, module: CompiledModule | undefined, folder: string) {
  if (!module) return source;
  return { ...source, version: module.version, compiled: path.join(folder, module.name) };
}
