import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { isTypeScript } from '../modules/module-kind.ts';
import { findTsconfig } from '../modules/tsconfig.ts';
import { versionOfContent } from '../modules/version.ts';
import type { Esbuild } from './esbuild.ts';
import { ImportFollower } from './import-follower.ts';
import { runsAlike } from './runs-alike.ts';

/** A module of the project as JavaScript. */
export interface CompiledModule {
  /** Of its file, in one folder with all others. */
  readonly name: string;
  readonly code: string;
  /** Names the content it was compiled from. */
  readonly version: string;
}

/**
 * Compiles these modules and those of the project that they import, each to a module of its own: so Node evaluates the
 * same modules in the same order, once each. JavaScript stays where it is and is only looked at. The keys are the files.
 * Undefined when one of them would not run as it does under tsx.
 * @throws what esbuild or the file system says
 */
export async function compileModules(
  files: readonly string[],
  { esbuild, root }: { readonly esbuild: Esbuild; readonly root: string },
): Promise<ReadonlyMap<string, CompiledModule> | undefined> {
  const compiled = new Map<string, CompiledModule>();
  const follower = new ImportFollower(compiledName);
  const build = async (file: string) => {
    const text = await fs.readFile(file, 'utf8');
    const { outputFiles } = await esbuild.build({
      ...common,
      ...tsconfigOf(root),
      absWorkingDir: root,
      sourceRoot: `${pathToFileURL(root).href}/`,
      stdin: { contents: text, sourcefile: file, resolveDir: path.dirname(file), loader: loaderOf(file) },
      define: placesOf(file),
      plugins: [follower.plugin],
    });
    return { file, text, code: outputFiles[0]?.text ?? '' };
  };
  for (const file of files) follower.follow(file);
  for (let found = follower.takeFound(); found.length > 0; found = follower.takeFound()) {
    const built = await Promise.all(found.map(build));
    if (follower.hasStranger || !built.every(runsAlike)) return undefined;
    for (const { file, text, code } of built.filter((each) => isTypeScript(each.file)))
      compiled.set(file, { name: compiledName(file), code, version: versionOfContent(text) });
  }
  return compiled;
}

const common = {
  bundle: true, // only so do plugins see the imports, all of which they leave outside
  write: false,
  format: 'esm',
  platform: 'node',
  target: `node${process.versions.node}`,
  // As Node has them; esbuild would add one that only bundlers know.
  conditions: ['node-addons', 'module-sync'],
  treeShaking: false,
  keepNames: true,
  sourcemap: 'inline',
  sourcesContent: false,
  logLevel: 'silent',
} satisfies BuildOptions;

function tsconfigOf(root: string): { tsconfig: string } | { tsconfigRaw: string } {
  const tsconfig = process.env.TSX_TSCONFIG_PATH ?? findTsconfig(root);
  return tsconfig === undefined ? { tsconfigRaw: '{}' } : { tsconfig };
}

function loaderOf(file: string): 'ts' | 'tsx' | 'js' | 'jsx' {
  if (isTypeScript(file)) return file.endsWith('x') ? 'tsx' : 'ts';
  return file.endsWith('x') ? 'jsx' : 'js';
}

/** A compiled module believes to be where it was written. */
function placesOf(file: string): Record<string, string> {
  return {
    'import.meta.url': JSON.stringify(pathToFileURL(file).href),
    'import.meta.filename': JSON.stringify(file),
    'import.meta.dirname': JSON.stringify(path.dirname(file)),
  };
}

function compiledName(file: string): string {
  const place = createHash('sha1').update(file).digest('hex').slice(0, 8);
  return `${path.basename(file)}-${place}.mjs`;
}
