import type { Logger } from '../config/logger.ts';
import type { KeptFiles, Whereabouts } from '../triggers/kept-files.ts';
import type { FileRetry } from '../triggers/retry-files.ts';

// The database and the configuration take their time to load: only a command that needs them pays for it.
const load = () => import('../triggers/kept-files.ts');

/** See `openKeptFiles` in triggers/kept-files.ts. */
export async function openKeptFiles(whereabouts: Whereabouts): Promise<KeptFiles | undefined> {
  return (await load()).openKeptFiles(whereabouts);
}

/** See `retryKeptFiles` in triggers/kept-files.ts. */
export async function retryKeptFiles(
  whereabouts: Whereabouts,
  paths: readonly string[] | 'all',
  log: Logger,
): Promise<FileRetry[]> {
  return (await load()).retryKeptFiles(whereabouts, paths, log);
}
