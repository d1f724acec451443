import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { ReceiptState } from '../config/trigger-files.ts';
import { PoolError } from '../errors/pool-errors.ts';
import { type OpenFiles, Turns } from './files.ts';

/** What became of a path whose files were to be tried again. */
export type FileRetry =
  | {
      /** As it was asked for. */
      readonly path: string;
      readonly found: 'file';
      /** 1 if it was set aside or waited for an attempt, else 0: nothing is to be done for it. */
      readonly retried: number;
      /** In which it was found. */
      readonly state: ReceiptState;
    }
  | {
      readonly path: string;
      readonly found: 'folder';
      /** How many files below it were set aside. */
      readonly retried: number;
    }
  | {
      readonly path: string;
      /** No trigger has a receipt of such a file, and no folder is there. */
      readonly found: 'nothing';
      readonly retried: 0;
    };

/**
 * Has files tried again: those at absolute paths that are set aside or wait for an attempt, and those set aside below
 * absolute paths of folders; with `all` whatever is set aside. Resolves when that survives a kill.
 *
 * @throws RuntimeClosedError when `signal` aborts before the end
 * @throws PoolError `STORE_UNUSABLE` when it can't be written down within 10 seconds
 */
export async function retryFiles(
  triggers: readonly OpenFiles[],
  paths: readonly string[] | 'all',
  signal?: AbortSignal,
): Promise<FileRetry[]> {
  const places = await Promise.all(triggers.map(placeOf));
  const turns = new Turns(signal);
  const answers = await (paths === 'all' ? retryAll(places, turns) : retryEach(paths, places, turns));
  await written(triggers);
  return answers;
}

async function written(triggers: readonly OpenFiles[]): Promise<void> {
  const { promise, cancel } = afterward(longestWriteMs);
  const committed = Promise.all(triggers.map(({ store }) => store.committed()));
  try {
    if ((await Promise.race([committed, promise])) !== 'late') return;
  } finally {
    cancel();
  }
  committed.catch(() => {});
  const message =
    'The files are to be tried again, but that could not be written down yet: the disk of the `dataDir` takes nothing. ' +
    'It is as soon as there is room, unless the program ends before.';
  throw new PoolError('STORE_UNUSABLE', message);
}

// Longer than the disk takes for what a retry of 100,000 files writes.
const longestWriteMs = 10_000;

function afterward(ms: number): { promise: Promise<'late'>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

/** A watched folder is one also when it isn't there, as on a disk that was unplugged. */
async function retryAll(places: readonly Place[], turns: Turns): Promise<FileRetry[]> {
  const answers: FileRetry[] = [];
  for (const path of new Set(places.map(({ files }) => files.folder)))
    answers.push(await retryFolder({ path, forms: [path] }, places, turns));
  return answers;
}

async function retryEach(
  paths: readonly string[],
  places: readonly Place[],
  turns: Turns,
): Promise<FileRetry[]> {
  const answers: FileRetry[] = [];
  for (const path of new Set(paths)) {
    const forms = await formsOf(path);
    await turns.next();
    const answer = retryFile(path, forms, places);
    if (answer) answers.push(answer);
    else if (await isFolder(path)) {
      const all = unique([...forms, await realpath(path).catch(() => path)]);
      answers.push(await retryFolder({ path, forms: all }, places, turns));
    } else answers.push({ path, found: 'nothing', retried: 0 });
  }
  return answers;
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** A trigger with the paths by which its folder may be meant. */
interface Place extends OpenFiles {
  readonly folders: readonly string[];
}

async function placeOf(trigger: OpenFiles): Promise<Place> {
  const { folder } = trigger.files;
  return { ...trigger, folders: unique([folder, await realpath(folder).catch(() => folder)]) };
}

/** A path as it is given, and without the links that lead to it. A link in its last place is what is meant. */
async function formsOf(path: string): Promise<string[]> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return unique([path, join(folder, basename(path))]);
}

function retryFile(path: string, forms: readonly string[], places: readonly Place[]): FileRetry | undefined {
  const states = places.flatMap(({ files, folders }) => {
    const below = firstOf(forms, folders);
    return below === undefined ? [] : (files.retry(join(files.folder, below)) ?? []);
  });
  const [first] = states;
  if (first === undefined) return undefined;
  const retried = states.find(isRetried);
  return { path, found: 'file', retried: retried === undefined ? 0 : 1, state: retried ?? first };
}

/** Whether `TriggerFiles.retry` takes up a file that it finds in this state. */
function isRetried(state: ReceiptState): boolean {
  return state === 'setAside' || state === 'waiting';
}

async function retryFolder(
  { path, forms }: { path: string; forms: readonly string[] },
  places: readonly Place[],
  turns: Turns,
): Promise<FileRetry> {
  // By their paths: a file may lie in the folders of several triggers.
  const retried = new Set<string>();
  for (const { files, folders } of places) {
    const within = withinOf(forms, { folder: files.folder, folders });
    if (within === undefined) continue;
    for (const { path: file } of files.list('setAside')) {
      if (below(within, file) !== undefined && files.retry(file) === 'setAside') retried.add(file);
      await turns.next();
    }
  }
  return { path, found: 'folder', retried: retried.size };
}

/** The part of a watched folder that a path stands for: all of it, a folder in it, or nothing. */
function withinOf(
  forms: readonly string[],
  { folder, folders }: { folder: string; folders: readonly string[] },
): string | undefined {
  const part = firstOf(forms, folders);
  if (part !== undefined) return join(folder, part);
  return firstOf(folders, forms) === undefined ? undefined : folder;
}

/** How the first of some paths that lies in one of the folders is called from there. */
function firstOf(paths: readonly string[], folders: readonly string[]): string | undefined {
  for (const path of paths) {
    for (const folder of folders) {
      const found = below(folder, path);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The path from a folder to what lies in it, or is it; undefined for what lies elsewhere. */
function below(folder: string, path: string): string | undefined {
  const found = relative(folder, path);
  return found === '..' || found.startsWith(`..${sep}`) || isAbsolute(found) ? undefined : found;
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}
