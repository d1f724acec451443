import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';
import type { TestContext } from 'node:test';

/** Puts another `fs.watch` in place for the time of a test. It is given the folder without a dot at the end. */
export function replaceWatch(t: TestContext, replacement: (path: string) => fs.FSWatcher): void {
  t.mock.method(fs, 'watch', (path: string) => replacement(resolve(path)));
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
}

/** Makes all watchers of a test mute: nothing is ever reported, as on many network file systems. */
export function silenceWatchers(t: TestContext): void {
  replaceWatch(t, () => Object.assign(new EventEmitter(), { close: () => {} }) as unknown as fs.FSWatcher);
}
