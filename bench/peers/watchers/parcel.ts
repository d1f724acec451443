import path from 'node:path';
import { subscribe } from '@parcel/watcher';
import { Sightings } from './sightings.ts';
import type { Watcher, WatcherOptions } from './watcher.ts';

/** `@parcel/watcher` with its defaults. */
export async function start({ inbox }: WatcherOptions): Promise<Watcher> {
  const sightings = new Sightings();
  const residentBefore = process.memoryUsage.rss();
  await subscribe(inbox, (error, events) => {
    if (error) sightings.fail(error);
    for (const event of events ?? []) {
      if (event.type === 'create') sightings.saw(path.basename(event.path));
    }
  });
  return { residentBefore, told: (name) => sightings.of(name) };
}
