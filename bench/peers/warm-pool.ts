import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as WarmPool from '../../dist/runtime/index.js';
import { repository, titleOfPackage } from '../harness/places.ts';
import type { Presence } from '../harness/subject.ts';

/** The build of this checkout, which is measured unless another one is named. */
export const ownBuild = path.join(repository, 'dist');

const sourceFolders = ['runtime', 'functions'];

/** Loads a compiled warm-pool by its folder: never a copy that some package manager made of it. */
export async function loadWarmPool(build: string): Promise<typeof WarmPool> {
  return import(pathToFileURL(entryOf(build)).href);
}

/** Whether there is a build to measure. Our own must be newer than its sources: figures of yesterday's code mislead. */
export async function findWarmPool(build: string): Promise<Presence> {
  const title = titleOfPackage(repository);
  const builtAt = await modifiedAt(entryOf(build));
  if (builtAt === undefined) {
    return { present: false, title, reason: `there is no build in ${build}; build it with:  npm run build` };
  }
  const changed = build === ownBuild ? await sourceNewerThan(builtAt) : undefined;
  return changed === undefined
    ? { present: true, title }
    : {
        present: false,
        title,
        reason: `${changed} is newer than the build; build again with:  npm run build`,
      };
}

function entryOf(build: string): string {
  return path.join(build, 'runtime', 'index.js');
}

async function sourceNewerThan(time: number): Promise<string | undefined> {
  for (const folder of sourceFolders) {
    for (const file of await readdir(path.join(repository, folder), { recursive: true })) {
      const source = path.join(folder, file);
      if (source.endsWith('.ts') && ((await modifiedAt(path.join(repository, source))) ?? 0) > time) {
        return source;
      }
    }
  }
  return undefined;
}

async function modifiedAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch {
    return undefined;
  }
}
