import path from 'node:path';
import { findProject } from '../config/find.ts';
import { loadConfigFile } from '../config/load.ts';
import type { Logger } from '../config/logger.ts';
import { readConfig } from '../config/read.ts';
import type { ReceiptState } from '../config/trigger-files.ts';
import { PoolError } from '../errors/pool-errors.ts';
import { databaseFile } from '../store/database-file.ts';
import { FolderInUseError, takeFolder } from '../store/lock.ts';
import { StoreReader } from '../store/reader.ts';
import { Store } from '../store/store.ts';
import type { TriggerStore } from '../store/trigger-store.ts';
import { countFiles, type FileInfo, listFiles, type OpenFiles } from './files.ts';
import { type FileRetry, retryFiles } from './retry-files.ts';
import type { Trigger } from './trigger.ts';

/** Which project is meant. */
export interface Whereabouts {
  /** Where the search for the configuration begins. */
  readonly cwd: string;
  /** The configuration file, when it is named instead of searched. */
  readonly config?: string | undefined;
}

/** The files of a project in which no runtime runs, as the last one has kept them. */
export interface KeptFiles {
  /** The ids of the triggers whose files they are. */
  readonly triggers: readonly string[];
  counts(): Partial<Record<ReceiptState, number>>;
  list(states: readonly ReceiptState[]): AsyncIterable<FileInfo>;
  close(): void;
}

/**
 * Opens the files of a project for reading, all as of the same moment; undefined when nothing has been kept yet. Nothing is
 * changed, and a runtime may run all the same, or be started.
 *
 * @throws ConfigError when the configuration is missing or has a mistake
 * @throws PoolError `STORE_UNUSABLE` when the database can't be read
 */
export async function openKeptFiles(whereabouts: Whereabouts): Promise<KeptFiles | undefined> {
  const { root, dataDir, triggers } = await readProject(whereabouts);
  const reader = StoreReader.open(databaseFile(dataDir));
  if (!reader) return undefined;
  const open = await openEach(triggers, root, (id) => reader.of(id));
  return {
    triggers: open.map(({ trigger }) => trigger),
    counts: () => countFiles(open),
    list: (states) => listFiles(open, states),
    close: () => reader.close(),
  };
}

/**
 * Has files of a project in which no runtime runs tried again at its next start. See `retryFiles`.
 *
 * @throws ConfigError when the configuration is missing or has a mistake
 * @throws PoolError `STORE_UNUSABLE` when the database can't be used
 * @throws PoolError `RUNTIME_RUNNING` when the data folder belongs to a runtime
 */
export async function retryKeptFiles(
  whereabouts: Whereabouts,
  paths: readonly string[] | 'all',
  log: Logger,
): Promise<FileRetry[]> {
  const { root, dataDir, triggers } = await readProject(whereabouts);
  const file = databaseFile(dataDir);
  const reader = StoreReader.open(file);
  if (!reader) return retryFiles([], paths);
  // One that is damaged is told by now: opened to be written it would be set aside.
  reader.close();
  const release = takeForRetry(dataDir);
  try {
    const store = new Store(file, log);
    try {
      return await retryFiles(await openEach(triggers, root, (id) => store.of(id)), paths);
    } finally {
      store.close();
    }
  } finally {
    release();
  }
}

async function readProject({ cwd, config }: Whereabouts) {
  const { root, configPath } = findProject(cwd, config);
  const { dataDir, triggers } =
    configPath === undefined
      ? readConfig({}, 'the default configuration')
      : readConfig(await loadConfigFile(configPath), configPath);
  return { root, dataDir: path.resolve(root, dataDir), triggers };
}

async function openEach(
  triggers: readonly Trigger[],
  root: string,
  storeOf: (id: string) => TriggerStore,
): Promise<OpenFiles[]> {
  const open: OpenFiles[] = [];
  for (const trigger of triggers) {
    if (!trigger.openFiles) continue;
    const store = storeOf(trigger.id);
    open.push({ trigger: trigger.id, store, files: await trigger.openFiles({ root, store }) });
  }
  return open;
}

function takeForRetry(dataDir: string): () => void {
  try {
    return takeFolder(dataDir, 'retry');
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error;
    const advice = error.isPassing
      ? 'Try again when it is done.'
      : 'Touch the files to have them tried again, or stop that runtime first.';
    throw new PoolError('RUNTIME_RUNNING', `${error.message}. ${advice}`, { cause: error });
  }
}
