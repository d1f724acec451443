import { once } from 'node:events';
import path from 'node:path';
import { type ChokidarOptions, watch } from 'chokidar';
import { Sightings } from './sightings.ts';
import type { Watcher, WatcherOptions } from './watcher.ts';

/** chokidar with its defaults, but for what is there at the start, which it is not to tell of. */
export async function start({ inbox }: WatcherOptions, options: ChokidarOptions = {}): Promise<Watcher> {
  const sightings = new Sightings();
  const residentBefore = process.memoryUsage.rss();
  const watcher = watch(inbox, { ignoreInitial: true, ...options });
  watcher.on('add', (file) => sightings.saw(path.basename(file)));
  // Rejects at the first error, as when the system allows no more watches.
  await once(watcher, 'ready');
  watcher.on('error', (error) => sightings.fail(error as Error));
  return { residentBefore, told: (name) => sightings.of(name) };
}
