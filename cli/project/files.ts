import { resolve } from 'node:path';
import type { FileInfo, FileRetry, ReceiptState } from '../../runtime/index.ts';
import {
  ConnectionError,
  type ControlClient,
  type ControlStatus,
  findRuntime,
  openKeptFiles,
  retryKeptFiles,
} from '../../runtime/server/client.ts';
import type { CommonOptions } from '../command.ts';

/** The files of a project: of its running runtime, or as the last one has kept them. */
export interface ProjectFiles {
  /** The ids of the triggers whose files they are. */
  readonly triggers: readonly string[];
  /** What is to be said of them; undefined when a runtime works with them now. */
  readonly note: string | undefined;
  list(states: readonly ReceiptState[]): AsyncIterable<FileInfo>;
  counts(): Promise<FileCounts>;
  close(): void;
}

export type FileCounts = Partial<Record<ReceiptState, number>>;

/** What became of files that were to be tried again. */
export interface Retries {
  readonly retries: readonly FileRetry[];
  /** Whether a runtime has them now; else they wait for the next one. */
  readonly isRunning: boolean;
}

export async function openFiles({ config }: CommonOptions): Promise<ProjectFiles> {
  const whereabouts = { cwd: process.cwd(), config };
  const running = await findRuntime(whereabouts);
  // One that stops has let go of its files before it is gone.
  const status = await running?.status().catch(unlessGone);
  if (running && status?.state === 'running') return filesOf(running, status);
  const kept = await openKeptFiles(whereabouts);
  if (!kept) return noFiles;
  return {
    note: status
      ? `The runtime (pid ${status.pid}) is stopping: this is what it has kept.`
      : 'No runtime is running: this is what the last one has kept.',
    triggers: kept.triggers,
    list: (states) => kept.list(states),
    counts: async () => kept.counts(),
    close: () => kept.close(),
  };
}

/** Has files tried again, by their paths from the working folder: at once by the running runtime, else by the next one. */
export async function retryFiles(paths: readonly string[] | 'all', options: CommonOptions): Promise<Retries> {
  const whereabouts = { cwd: process.cwd(), config: options.config };
  const absolute = paths === 'all' ? paths : paths.map((path) => resolve(path));
  const running = await findRuntime(whereabouts);
  const retries = await running?.retryFiles(absolute).catch(unlessGone);
  if (retries) return { retries, isRunning: true };
  const { createLogger } = await import('../output/logger.ts');
  return { retries: await retryKeptFiles(whereabouts, absolute, createLogger(options)), isRunning: false };
}

/** It ended between the look and the question: what it has kept can be used. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof ConnectionError) || error.wasSent) throw error;
}

function filesOf(running: ControlClient, { triggers }: ControlStatus): ProjectFiles {
  return {
    triggers: triggers.flatMap(({ id, hasFiles }) => (hasFiles ? id : [])),
    note: undefined,
    list: (states) => running.files(states),
    async counts() {
      const sums: FileCounts = {};
      for (const { hasFiles, counts } of (await running.status()).triggers) {
        for (const [state, count] of hasFiles ? (Object.entries(counts) as [ReceiptState, number][]) : [])
          sums[state] = (sums[state] ?? 0) + count;
      }
      return sums;
    },
    close() {},
  };
}

const noFiles: ProjectFiles = {
  triggers: [],
  note: 'Nothing is known of any file yet: `pool start` makes the database, once the configuration has a trigger.',
  async *list() {},
  counts: async () => ({}),
  close() {},
};
