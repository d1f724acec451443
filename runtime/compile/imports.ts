import fs from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import { isTypeScript } from '../modules/module-kind.ts';

/**
 * The imports of one module, as esbuild meets them. Those of TypeScript are turned to what that is compiled to, which lies
 * beside the importing module; those of anything else to where it is, because Node would look for it from elsewhere now.
 */
export class Imports {
  readonly #importer: string;
  readonly #nameOf: (file: string) => string;
  /** The modules of the project among them. */
  readonly files = new Set<string>();
  /** Whether something is imported that Node alone can't load, or would load as something else. */
  hasStranger = false;

  /** `nameOf` names what a module of TypeScript is compiled to. */
  constructor(importer: string, nameOf: (file: string) => string) {
    this.#importer = importer;
    this.#nameOf = nameOf;
  }

  readonly plugin: Plugin = {
    name: 'imports',
    setup: (build) => {
      build.onResolve({ filter: /^/ }, (args) => {
        const isAsked = args.kind === 'entry-point' || args.pluginData === asked;
        return isAsked ? undefined : this.#resolve(build, args);
      });
    },
  };

  async #resolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult> {
    if (isBuiltin(args.path)) return { path: args.path, external: true };
    const isOfTypeScript = isTypeScript(this.#importer);
    const file = fileAt(args.path, args.resolveDir) ?? (await this.#ask(build, args));
    // Of JavaScript it is Node that says what is missing, if it comes to that.
    if (typeof file !== 'string') return isOfTypeScript ? file : { path: args.path, external: true };
    const isOwn = !file.includes(`${path.sep}node_modules${path.sep}`);
    if (isTypeScript(file)) {
      // JavaScript stays as it is, and would import it as it is.
      if (!isOwn || !isOfTypeScript) this.hasStranger = true;
      this.files.add(file);
      return { path: `./${this.#nameOf(file)}`, external: true };
    }
    if (isScript.test(file)) {
      // Packages can be relied on; JavaScript of the project may import TypeScript.
      if (isOwn && isRelative.test(args.path)) this.files.add(file);
    } else if (isOfTypeScript && !(file.endsWith('.json') && args.with.type === 'json'))
      this.hasStranger = true;
    return { path: pathToFileURL(file).href, external: true };
  }

  async #ask(build: PluginBuild, args: OnResolveArgs): Promise<string | OnResolveResult> {
    const { kind, importer, resolveDir } = args;
    const options = { kind, importer, resolveDir, with: args.with, pluginData: asked };
    const { errors, external, path: file } = await build.resolve(args.path, options);
    return errors.length > 0 || external ? { errors, external, path: args.path } : file;
  }
}

/**
 * The TypeScript that a module seems to import, by its text: to be compiled at once, in place of when esbuild has found it.
 * What is only named for its types is among it.
 */
export function guessImports(text: string, folder: string): string[] {
  const specifiers = Array.from(text.matchAll(importOfTypeScript), ([, specifier]) => specifier as string);
  return specifiers.map((specifier) => fileAt(specifier, folder)).filter((file) => file !== undefined);
}

const importOfTypeScript = /^(?:import|export)\b(?! type\b)[^'"`;]*['"](\.{1,2}\/[^'"]+\.m?ts)['"]/gm;

/** The file that is named with its whole path, as TypeScript should be; esbuild knows of other ways. */
function fileAt(specifier: string, folder: string): string | undefined {
  if (!isRelative.test(specifier) || !isTypeScript(specifier)) return undefined;
  try {
    return fs.realpathSync.native(path.resolve(folder, specifier));
  } catch {
    return undefined;
  }
}

const isRelative = /^\.{0,2}\//;
const isScript = /\.[cm]?js$/;

/** Marks our own questions to esbuild. */
const asked = 'asked';
