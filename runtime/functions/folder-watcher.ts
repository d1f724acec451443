import fs from 'node:fs';
import { type FSWatcher, watch } from 'chokidar';
import { isPartOfFunctions } from './discovery.ts';

/** An editor saves in several steps, and a checkout writes many files: one reload is enough for all of them. */
const quietMs = 50;

/** How often a folder that was removed is looked for. */
const searchMs = 250;

/** Watches folders of functions and calls back when what is in them has changed. It lets the program end. */
export class FolderWatcher {
  readonly #folders: readonly string[];
  readonly #onChange: () => void;
  readonly #onError: (error: Error) => void;
  #watcher: FSWatcher;
  /** The folders that `#watcher` watches: one that is removed and made again is another one to it. */
  #identities: string;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Resolves when no later change is missed. */
  readonly ready: Promise<void>;

  constructor(folders: readonly string[], onChange: () => void, onError: (error: Error) => void) {
    this.#folders = folders;
    this.#onChange = onChange;
    this.#onError = onError;
    this.#identities = identitiesOf(folders);
    this.#watcher = this.#watch();
    this.ready = readinessOf(this.#watcher);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#watcher.close();
  }

  #watch(): FSWatcher {
    const watcher = watch([...this.#folders], {
      persistent: false,
      ignoreInitial: true,
      ignored: (file, stats) =>
        /[\\/](?:node_modules|\.[^\\/]*)$/.test(file) ||
        (stats?.isFile() === true && !isPartOfFunctions(file)),
    });
    watcher.on('all', () => this.#wait(quietMs));
    // Without `persistent` chokidar loses a file that is replaced, and with it the program would not end. What it
    // passes on of the folder's own events goes on telling of such a file.
    watcher.on('raw', (_event, file) => {
      if (isPartOfFunctions(file)) this.#wait(quietMs);
    });
    watcher.on('error', (error) => this.#onError(error as Error));
    return watcher;
  }

  #wait(ms: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#follow(), ms).unref();
  }

  #follow(): void {
    this.#changed().catch(this.#onError);
  }

  async #changed(): Promise<void> {
    const identities = identitiesOf(this.#folders);
    if (identities !== this.#identities) {
      this.#identities = identities;
      await this.#watchAgain();
      if (this.#isClosed) return;
    }
    this.#onChange();
    if (identities.includes(missing)) this.#search();
  }

  async #watchAgain(): Promise<void> {
    const old = this.#watcher;
    this.#watcher = this.#watch();
    await Promise.all([readinessOf(this.#watcher), old.close()]);
  }

  /** Nothing tells when a folder that is gone comes back. */
  #search(): void {
    this.#timer = setTimeout(() => {
      if (identitiesOf(this.#folders) === this.#identities) this.#search();
      else this.#follow();
    }, searchMs).unref();
  }
}

function readinessOf(watcher: FSWatcher): Promise<void> {
  return new Promise((resolve) => watcher.once('ready', resolve));
}

const missing = 'missing';

function identitiesOf(folders: readonly string[]): string {
  return folders.map(identityOf).join(' ');
}

/** A folder that can't be looked at, for whatever reason, is as good as gone: it is looked for until it is back. */
function identityOf(folder: string): string {
  try {
    const { dev, ino, birthtimeMs } = fs.statSync(folder);
    return `${dev}:${ino}:${birthtimeMs}`;
  } catch {
    return missing;
  }
}
