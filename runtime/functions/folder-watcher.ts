import { type FSWatcher, watch } from 'chokidar';
import { isPartOfFunctions } from './discovery.ts';

/** An editor saves in several steps, and a checkout writes many files: one reload is enough for all of them. */
const quietMs = 50;

/** Watches folders of functions and calls back when what is in them has changed. It lets the program end. */
export class FolderWatcher {
  readonly #watcher: FSWatcher;
  #timer: NodeJS.Timeout | undefined;
  /** Resolves when no later change is missed. */
  readonly ready: Promise<void>;

  constructor(folders: readonly string[], onChange: () => void, onError: (error: Error) => void) {
    this.#watcher = watch([...folders], {
      persistent: false,
      ignoreInitial: true,
      ignored: (file, stats) =>
        /[\\/](?:node_modules|\.[^\\/]*)$/.test(file) ||
        (stats?.isFile() === true && !isPartOfFunctions(file)),
    });
    this.ready = new Promise((resolve) => this.#watcher.once('ready', resolve));
    this.#watcher.on('all', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(onChange, quietMs).unref();
    });
    this.#watcher.on('error', (error) => onError(error as Error));
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#watcher.close();
  }
}
