import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { FunctionSource } from '../channel/messages.ts';
import { ConfigError } from '../invocation/errors.ts';

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
export async function discoverFunctions(folders: readonly string[]): Promise<Discovery> {
  const byName = new Map<string, string[]>();
  for (const folder of folders) {
    for await (const file of modulesIn(folder)) {
      const name = nameOf(path.relative(folder, file));
      byName.set(name, [...(byName.get(name) ?? []), file]);
    }
  }
  const clashes = new Map<string, string[]>();
  const sources: FunctionSource[] = [];
  for (const [name, files] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (files.length > 1) clashes.set(name, files);
    else sources.push(...(await describe(name, files[0] as string)));
  }
  return { sources, clashes };
}

/** Whether a change of this file can change what functions do: they import each other, `_` files and JSON. */
export function isPartOfFunctions(file: string): boolean {
  return /\.(?:[cm]?[jt]s|[jt]sx|json)$/.test(file);
}

async function* modulesIn(folder: string): AsyncGenerator<string> {
  const entries = await readFolder(folder);
  for (const entry of entries) {
    if (/^[._]/.test(entry.name) || entry.name === 'node_modules') continue;
    const file = path.join(folder, entry.name);
    if (await isFolder(entry, file)) yield* modulesIn(file);
    else if (moduleFile.test(entry.name) && !noFunction.test(entry.name)) yield file;
  }
}

async function readFolder(folder: string) {
  try {
    return await fs.readdir(folder, { withFileTypes: true });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no such folder' : code === 'ENOTDIR' ? 'it is no folder' : message;
    throw new ConfigError(
      `The functions folder "${folder}" can't be read: ${why}. Create it, or name another with \`functions\` in pool.config.ts.`,
      { cause, issues: [{ path: 'functions', message: `${folder}: ${why}` }] },
    );
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

async function describe(name: string, file: string): Promise<FunctionSource[]> {
  try {
    const version = createHash('sha1')
      .update(await fs.readFile(file))
      .digest('hex')
      .slice(0, 8);
    return [{ name, file, version }];
  } catch (error) {
    // Removed since the folder was read; the watcher will say so too. Anything else shows when it is loaded.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    return [{ name, file, version: 'unread' }];
  }
}
