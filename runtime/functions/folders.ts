import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { exports as resolveExports } from 'resolve.exports';
import { ConfigError } from '../errors/pool-errors.ts';

/** A folder of functions: of the project, which is watched, or of a package, which doesn't change. */
export interface FunctionFolder {
  readonly path: string;
  readonly isOfPackage: boolean;
}

/**
 * Finds the folders that `functions` in the configuration names: paths from the project's root, or packages as in
 * `warm-pool/functions` and `@acme/tasks/functions`. A folder of that name in the project comes first.
 * @throws ConfigError when a package isn't installed or has no such folder
 */
export function resolveFolders(entries: readonly string[], root: string): FunctionFolder[] {
  const byPath = new Map<string, FunctionFolder>();
  for (const entry of entries) {
    const folder = resolveFolder(entry, root);
    byPath.set(folder.path, folder);
  }
  return [...byPath.values()];
}

function resolveFolder(entry: string, root: string): FunctionFolder {
  const folder = path.resolve(root, entry);
  if (!isPackageSpecifier(entry) || fs.existsSync(folder)) return { path: folder, isOfPackage: false };
  return { path: folderOfPackage(entry, root), isOfPackage: true };
}

// A single name is a folder that may not be there yet; a package has to name the folder inside it as well.
const packageSpecifier = /^(?<name>@[\w.-]+\/[\w.-]+|[\w-][\w.-]*)\/(?<inside>.+)$/;

function isPackageSpecifier(entry: string): boolean {
  return packageSpecifier.test(entry) && !path.isAbsolute(entry);
}

function folderOfPackage(entry: string, root: string): string {
  const { name = entry, inside = '' } = packageSpecifier.exec(entry)?.groups ?? {};
  const packageRoot = findPackage(name, root);
  if (!packageRoot) {
    const message = `"${entry}" is neither a folder in ${root} nor in an installed package: install ${name}, or create the folder`;
    throw new ConfigError(`Functions can't be found: ${message}.`, {
      issues: [{ path: 'functions', message }],
    });
  }
  return path.join(packageRoot, exportedFolder(packageRoot, inside) ?? inside);
}

function findPackage(name: string, root: string): string | undefined {
  const require = createRequire(path.join(root, 'package.json'));
  const installed = (require.resolve.paths(name) ?? []).map((modules) => path.join(modules, name));
  return ownPackage(name, root) ?? installed.find((candidate) => readManifest(candidate) !== undefined);
}

/** The package whose functions these are may be the project itself, or the nearest one that the project lies in. */
function ownPackage(name: string, root: string): string | undefined {
  for (let folder = root; ; folder = path.dirname(folder)) {
    if (readManifest(folder)?.name === name) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Where the package's `exports` put the modules of a subpath: `"./functions/*": "./dist/functions/*.js"`. */
function exportedFolder(packageRoot: string, inside: string): string | undefined {
  const probe = 'any-function';
  try {
    const [target] = resolveExports(readManifest(packageRoot) ?? {}, `./${inside}/${probe}`) ?? [];
    return target && path.dirname(target);
  } catch {
    return undefined; // not in its exports: the folder itself may be there all the same
  }
}

function readManifest(folder: string): { name?: string; exports?: unknown } | undefined {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name?: string };
  } catch {
    return undefined;
  }
}
