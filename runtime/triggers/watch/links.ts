import { realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathBelow } from './outputs.ts';
import { folderOf } from './selection.ts';

/**
 * The path below the watched folder of an output that a function listed by where it really is: outside, in a folder that
 * its source was reached in through a link. Undefined when it has none.
 */
export async function throughLinks(
  { root, cwd, source }: { root: string; cwd: string; source: string },
  output: string,
): Promise<string | undefined> {
  if ((await realPathOf(join(root, source))) === resolve(cwd, output)) return source;
  for (let folder = folderOf(source); folder !== ''; folder = folderOf(folder)) {
    const real = await realPathOf(join(root, folder));
    const below = real === undefined ? undefined : pathBelow([real], cwd, output);
    if (below !== undefined) return `${folder}/${below}`;
  }
  return undefined;
}

/** Whether there is a folder where a link leads. */
export async function leadsToFolder(link: string): Promise<boolean> {
  return stat(link).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** What a folder is, by whatever links it is reached. */
export async function identityOf(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder, { bigint: true });
  return `${dev}:${ino}`;
}

async function realPathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}
