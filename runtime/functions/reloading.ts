import type { FunctionSource } from '../channel/messages.ts';
import { compileFunctions } from '../compile/compile-functions.ts';
import type { Logger } from '../config/logger.ts';
import { type Discovery, discoverFunctions } from './discovery.ts';
import type { FolderWatcher } from './folder-watcher.ts';
import type { FunctionFolder } from './folders.ts';
import { Generation, type KnownFunction } from './generation.ts';

export interface ReloadingOptions {
  readonly folders: readonly FunctionFolder[];
  /** The project's folder. */
  readonly root: string;
  /** The names of the pools there are. */
  readonly pools: readonly string[];
  /** Where compiled functions are kept; undefined when they are not to be compiled. */
  readonly compiled: string | undefined;
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
  #seen: readonly FunctionSource[] = [];

  constructor(options: ReloadingOptions) {
    this.#options = options;
  }

  /** Loads what is there, and with `watch` follows what changes from then on. Rejects when no worker starts. */
  async start({ watch }: { watch: boolean }): Promise<void> {
    await Promise.all([watch && this.#watch(), this.#load()]);
    // What changed between the look and the watch.
    if (this.#watcher) void this.#reload({ always: false });
  }

  async close(): Promise<void> {
    this.#newest = Number.POSITIVE_INFINITY;
    this.#isClosed = true;
    await this.#watcher?.close();
  }

  async #watch(): Promise<void> {
    const watched = this.#options.folders.filter(({ isOfPackage }) => !isOfPackage);
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
  }

  async #load(): Promise<void> {
    const discovery = await this.#discover();
    this.#seen = discovery.sources;
    await this.#options.load(this.#generationOf(discovery));
  }

  async #discover(): Promise<Discovery> {
    const { folders, root, compiled: folder } = this.#options;
    const discovery = await discoverFunctions(folders);
    if (folder === undefined) return discovery;
    return { ...discovery, sources: await compileFunctions(discovery.sources, { root, folder }) };
  }

  #generationOf(discovery: Discovery): Generation {
    return new Generation(discovery, this.#options, (generation) => {
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
      const discovery = await this.#discover();
      if (isOutdated() || (!always && areSame(discovery.sources, this.#seen))) return;
      this.#seen = discovery.sources;
      await this.#options.load(this.#generationOf(discovery));
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

function areSame(a: readonly FunctionSource[], b: readonly FunctionSource[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ file, version }, i) => file === b[i]?.file && version === b[i]?.version)
  );
}

function hasOtherVersion(before: KnownFunction | undefined, after: KnownFunction | undefined): boolean {
  return before !== undefined && after !== undefined && before.source.version !== after.source.version;
}

function isSameFailure(before: KnownFunction | undefined, after: KnownFunction): boolean {
  return (
    before?.state === 'failed' && after.state === 'failed' && before.error.message === after.error.message
  );
}
