import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import { isTypeScript } from '../modules/module-kind.ts';

/**
 * Follows the imports of a project's modules: those of TypeScript are turned to what it is compiled to, which lies beside
 * the importing module; those of anything else to where it is, because Node would look for it from elsewhere now.
 */
export class ImportFollower {
  readonly #nameOf: (file: string) => string;
  readonly #seen = new Set<string>();
  #found: string[] = [];
  /** Whether something is imported that Node alone can't load, or would load as something else. */
  hasStranger = false;

  /** `nameOf` names what a module of TypeScript is compiled to. */
  constructor(nameOf: (file: string) => string) {
    this.#nameOf = nameOf;
  }

  /** A module to be looked at, unless it has been. */
  follow(file: string): void {
    if (this.#seen.has(file)) return;
    this.#seen.add(file);
    this.#found.push(file);
  }

  /** What there is to look at since the last call. */
  takeFound(): string[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  readonly plugin: Plugin = {
    name: 'follow imports',
    setup: (build) => {
      build.onResolve({ filter: /^/ }, (args) => {
        const isAsked = args.kind === 'entry-point' || args.pluginData === asked;
        return isAsked ? undefined : this.#resolve(build, args);
      });
    },
  };

  async #resolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult> {
    const { kind, importer, resolveDir, with: attributes } = args;
    const options = { kind, importer, resolveDir, with: attributes, pluginData: asked };
    const { errors, external, path: file } = await build.resolve(args.path, options);
    const isCompiled = isTypeScript(importer);
    // Of JavaScript it is Node that says what is missing, if it comes to that.
    if (errors.length > 0 && isCompiled) return { errors };
    if (errors.length > 0 || external) return { path: args.path, external: true };
    const isOwn = !file.includes(`${path.sep}node_modules${path.sep}`);
    if (isTypeScript(file)) {
      // JavaScript stays as it is, and would import it as it is.
      if (!isOwn || !isCompiled) this.hasStranger = true;
      this.follow(file);
      return { path: `./${this.#nameOf(file)}`, external: true };
    }
    if (isScript.test(file)) {
      // Packages can be relied on; JavaScript of the project may import TypeScript.
      if (isOwn && /^\.{0,2}\//.test(args.path)) this.follow(file);
    } else if (isCompiled && !(file.endsWith('.json') && attributes.type === 'json')) this.hasStranger = true;
    return { path: pathToFileURL(file).href, external: true };
  }
}

const isScript = /\.[cm]?js$/;

/** Marks our own questions to esbuild. */
const asked = 'asked';
