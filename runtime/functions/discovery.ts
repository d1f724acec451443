import fs from 'node:fs/promises';
import path from 'node:path';
import type { FunctionSource } from '../channel/messages.ts';
import { ConfigError } from '../errors/pool-errors.ts';
import { versionOf } from '../modules/version.ts';
import type { FunctionFolder } from './folders.ts';

/** What the folders hold. A name that several files give belongs to none of them. */
export interface Discovery {
  readonly sources: readonly FunctionSource[];
  readonly clashes: ReadonlyMap<string, readonly string[]>;
}

const moduleFile = /^(?<base>.+)\.(?:ts|mts|js|mjs|cjs)$/;
const noFunction = /(?:\.d\.[cm]?ts|\.(?:test|spec)\.[cm]?[jt]s)$/;

/**
 * Finds the function modules in the folders. The name of a function is its path without the extension, with `/` on
 * every platform; `index` stands for its folder. Names that start with `_` or `.`, declarations, tests and
 * node_modules are passed over.
 * @throws ConfigError when a folder can't be read
 */
export async function discoverFunctions(folders: readonly FunctionFolder[]): Promise<Discovery> {
  const byName = new Map<string, string[]>();
  for (const folder of folders) {
    await checkFolder(folder);
    for await (const file of modulesIn(folder.path)) {
      const name = nameOf(path.relative(folder.path, file));
      byName.set(name, [...(byName.get(name) ?? []), file]);
    }
    // Removed meanwhile it looks as if it had no functions.
    await checkFolder(folder);
  }
  const clashes = new Map<string, string[]>();
  const sources: FunctionSource[] = [];
  for (const [name, files] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (files.length > 1) clashes.set(name, files);
    else sources.push(...describe(name, files[0] as string));
  }
  return { sources, clashes };
}

/** Whether a change of this file can change what functions do: they import each other, `_` files and JSON. */
export function isPartOfFunctions(file: string): boolean {
  return /\.(?:[cm]?[jt]s|[jt]sx|json)$/.test(file);
}

/** `above` are the real paths of the folders around this one: a link to one of them has nothing new behind it. */
async function* modulesIn(folder: string, above: readonly string[] = []): AsyncGenerator<string> {
  const realPath = await fs.realpath(folder).catch(nothingWhenGone);
  if (realPath === undefined || above.includes(realPath)) return;
  for (const entry of (await fs.readdir(folder, { withFileTypes: true }).catch(nothingWhenGone)) ?? []) {
    if (/^[._]/.test(entry.name) || entry.name === 'node_modules') continue;
    const file = path.join(folder, entry.name);
    if (await isFolder(entry, file)) yield* modulesIn(file, [...above, realPath]);
    else if (moduleFile.test(entry.name) && !noFunction.test(entry.name)) yield file;
  }
}

/** A folder inside may be removed while it is being read. */
function nothingWhenGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function checkFolder({ path: folder, isOfPackage }: FunctionFolder): Promise<void> {
  try {
    await fs.readdir(folder);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no such folder' : code === 'ENOTDIR' ? 'it is no folder' : message;
    const advice = isOfPackage
      ? 'Name a folder that this package has'
      : 'Create it, or name another with `functions` in pool.config.ts';
    throw new ConfigError(`The functions folder "${folder}" can't be read: ${why}. ${advice}.`, {
      cause,
      issues: [{ path: 'functions', message: `${folder}: ${why}` }],
    });
  }
}

async function isFolder(
  entry: { isDirectory(): boolean; isSymbolicLink(): boolean },
  file: string,
): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return fs.stat(file).then(
    (stat) => stat.isDirectory(),
    () => false, // a link to nothing
  );
}

function nameOf(relativePath: string): string {
  const withoutExtension = moduleFile.exec(relativePath)?.groups?.base ?? relativePath;
  const name = withoutExtension.split(path.sep).join('/');
  return name.replace(/\/index$/, '');
}

function describe(name: string, file: string): FunctionSource[] {
  try {
    return [{ name, file, version: versionOf(file) }];
  } catch (error) {
    // Removed since the folder was read; the watcher will say so too. Anything else shows when it is loaded.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    return [{ name, file, version: 'unread' }];
  }
}
