import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { CompiledModule } from './compile-modules.ts';

/**
 * Keeps compiled modules in a folder inside `folder` that is named by their content, and returns its path. Several
 * processes may do so at once, also with the same modules.
 */
export async function storeModules(modules: Iterable<CompiledModule>, folder: string): Promise<string> {
  const all = [...modules].sort((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash('sha1');
  for (const { name, code } of all) hash.update(`${name}\0${code}\0`);
  const place = path.join(folder, hash.digest('hex').slice(0, 16));
  const now = new Date();
  // What is used is not removed.
  const isThere = await fs.utimes(place, now, now).then(
    () => true,
    () => false,
  );
  if (isThere) return place;
  await makeFolder(folder);
  const partial = await fs.mkdtemp(path.join(folder, 'partial-'));
  await Promise.all(all.map(({ name, code }) => fs.writeFile(path.join(partial, name), code)));
  await fs.rename(partial, place).catch(async (error: NodeJS.ErrnoException) => {
    await fs.rm(partial, { recursive: true, force: true });
    // Another process was faster.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await removeOld(folder);
  return place;
}

/** The project's repository should not have to know of it. */
async function makeFolder(folder: string): Promise<void> {
  const isNew = (await fs.mkdir(folder, { recursive: true })) !== undefined;
  if (isNew) await fs.writeFile(path.join(folder, ignoreFile), '*\n');
}

const ignoreFile = '.gitignore';

/** Each save of a function makes a folder: some hundred KB. */
const mostFolders = 20;

/** Those that were in use within this time are left, whatever their number. */
const keptMs = 60 * 60_000;

/** Removes what has not been used for long. A worker that still wanted it would load the functions through tsx. */
async function removeOld(folder: string): Promise<void> {
  const names = (await fs.readdir(folder)).filter((name) => name !== ignoreFile);
  if (names.length <= mostFolders) return;
  const stats = await Promise.all(
    names.map(async (name) => {
      const each = path.join(folder, name);
      const stat = await fs.stat(each).catch(() => undefined);
      return { each, usedAt: stat?.mtimeMs ?? 0 };
    }),
  );
  const old = stats.sort((a, b) => b.usedAt - a.usedAt).slice(mostFolders);
  const limit = Date.now() - keptMs;
  for (const { each, usedAt } of old)
    if (usedAt < limit) await fs.rm(each, { recursive: true, force: true }).catch(() => {});
}
