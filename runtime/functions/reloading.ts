import type { Logger } from '../config/logger.ts';
import { areAsFound, type FoundFunctions, type FunctionsPlace, findFunctions } from './find.ts';
import type { FolderWatcher } from './folder-watcher.ts';
import { Generation, type KnownFunction } from './generation.ts';

export interface ReloadingOptions {
  readonly place: FunctionsPlace;
  /** What was found there a moment ago. */
  readonly found: Promise<FoundFunctions>;
  /** The names of the pools there are. */
  readonly pools: readonly string[];
  readonly log: Logger;
  /** Brings a generation into service; rejects when that fails, and the one before stays. */
  readonly load: (generation: Generation) => Promise<void>;
  /** A generation has been loaded and is in service from now on. */
  readonly onServing: (generation: Generation) => void;
}

/** Keeps what runs equal to what is in the folders. */
export class ReloadingFunctions {
  readonly #options: ReloadingOptions;
  #watcher: FolderWatcher | undefined;
  #serving: Generation | undefined;
  /** The newest discovery; one that is older when it is done is dropped. */
  #newest = 0;
  #isClosed = false;
  #seen: FoundFunctions | undefined;

  constructor(options: ReloadingOptions) {
    this.#options = options;
  }

  /** Loads what is there, and with `watch` follows what changes from then on. Rejects when no worker starts. */
  async start({ watch }: { watch: boolean }): Promise<void> {
    await Promise.all([watch && this.#watch(), this.#load()]);
  }

  async close(): Promise<void> {
    this.#newest = Number.POSITIVE_INFINITY;
    this.#isClosed = true;
    await this.#watcher?.close();
  }

  async #watch(): Promise<void> {
    const watched = this.#options.place.folders.filter(({ isOfPackage }) => !isOfPackage);
    if (watched.length === 0) return;
    // It brings chokidar, 0.3 MB of heap: not every runtime watches.
    const { FolderWatcher } = await import('./folder-watcher.ts');
    if (this.#isClosed) return;
    this.#watcher = new FolderWatcher(
      watched.map((folder) => folder.path),
      () => void this.#reload({ always: true }),
      (error) => this.#options.log.warn({ err: error }, `can't watch the functions: ${error.message}`),
    );
    await this.#watcher.ready;
    this.#seen ??= await this.#options.found;
    // What changed between the look and the watch: now, as what was found first may take long to load.
    void this.#reload({ always: false });
  }

  async #load(): Promise<void> {
    const found = await this.#options.found;
    this.#seen = found;
    await this.#options.load(this.#generationOf(found));
  }

  #generationOf(found: FoundFunctions): Generation {
    const { place, pools } = this.#options;
    return new Generation(found, { root: place.root, pools }, (generation) => {
      const before = this.#serving;
      this.#serving = generation;
      this.#options.onServing(generation);
      this.#report(before, generation);
    });
  }

  // A function may have changed through a file that it imports, so that a change of any file reloads all of them.
  async #reload({ always }: { always: boolean }): Promise<void> {
    const turn = ++this.#newest;
    const isOutdated = () => turn !== this.#newest;
    try {
      const { place } = this.#options;
      if (!always && this.#seen && (await areAsFound(this.#seen, place))) return;
      const found = await findFunctions(place);
      if (isOutdated()) return;
      this.#seen = found;
      await this.#options.load(this.#generationOf(found));
    } catch (error) {
      if (isOutdated()) return;
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log.error({ err: error }, `the functions stay as they were: ${why}`);
    }
  }

  #report(before: Generation | undefined, after: Generation): void {
    const { log } = this.#options;
    for (const known of after.functions) {
      if (known.state === 'failed' && !isSameFailure(before?.find(known.source.name), known)) {
        const { name, file } = known.source;
        log.error(
          { function: name, file, stack: known.error.stack },
          `function ${name} can't be loaded: ${known.error.message}`,
        );
      }
    }
    if (!before) return;
    const names = (generation: Generation) => generation.functions.map(({ source }) => source.name);
    const changes = [
      ['added', names(after).filter((name) => !before.find(name))],
      ['removed', names(before).filter((name) => !after.find(name))],
      ['changed', names(after).filter((name) => hasOtherVersion(before.find(name), after.find(name)))],
    ] as const;
    const parts = changes
      .filter(([, list]) => list.length > 0)
      .map(([what, list]) => `${what} ${list.join(', ')}`);
    log.info(`functions reloaded${parts.length === 0 ? '' : `: ${parts.join('; ')}`}`);
  }
}

function hasOtherVersion(before: KnownFunction | undefined, after: KnownFunction | undefined): boolean {
  return before !== undefined && after !== undefined && before.source.version !== after.source.version;
}

function isSameFailure(before: KnownFunction | undefined, after: KnownFunction): boolean {
  return (
    before?.state === 'failed' && after.state === 'failed' && before.error.message === after.error.message
  );
}
