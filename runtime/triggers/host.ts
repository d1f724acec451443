import { issuesOfTrigger, mistakesIn } from '../config/issues.ts';
import type { Logger } from '../config/logger.ts';
import type { Invocation, InvokeOptions } from '../invocation/invocation.ts';
import { databaseFile } from '../store/database-file.ts';
import type { Store } from '../store/store.ts';
import type { TriggerStore } from '../store/trigger-store.ts';
import type { OpenFiles } from './files.ts';
import type { Trigger } from './trigger.ts';

/** What the triggers of a runtime share. */
export interface TriggerHostOptions {
  readonly invoke: (name: string, args: unknown, options: InvokeOptions) => Invocation;
  readonly log: Logger;
  readonly root: string;
  /** Where the store of the triggers is. It belongs to this runtime alone while they are started. */
  readonly dataDir: string;
  readonly concurrency: number;
}

/** Starts and stops the triggers of a runtime. */
export class TriggerHost {
  readonly #triggers: readonly Trigger[];
  readonly #options: TriggerHostOptions;
  readonly #started: Trigger[] = [];
  #store: Store | undefined;
  #files: OpenFiles[] = [];
  /** Of the last start: a signal that has aborted says so for good. */
  #controller = new AbortController();

  constructor(triggers: readonly Trigger[], options: TriggerHostOptions) {
    this.#triggers = triggers;
    this.#options = options;
  }

  /** Starts each in turn; when one fails, those that have started are stopped again, and it may be called again. */
  async start(): Promise<void> {
    const { invoke, log, root, concurrency } = this.#options;
    await this.#check();
    this.#controller = new AbortController();
    if (this.#triggers.length === 0) return;
    const store = await this.#openStore();
    for (const trigger of this.#triggers) {
      this.#started.push(trigger);
      try {
        await trigger.start({
          invoke: (name, args, options) => invoke(name, args, { priority: 'low', cwd: root, ...options }),
          log: log.child({ trigger: trigger.id }),
          store: store.of(trigger.id),
          signal: this.#controller.signal,
          root,
          concurrency,
        });
        await this.#openFiles(trigger, store.of(trigger.id));
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  /** Before any of them makes a folder or takes up work. */
  async #check(): Promise<void> {
    const found = await Promise.all(
      this.#triggers.map((trigger) => trigger.check?.(this.#options.root) ?? []),
    );
    const issues = found.flatMap((each, index) => issuesOfTrigger(index, each));
    if (issues.length > 0) throw mistakesIn('the triggers of the configuration', issues);
  }

  /** Stops all that were started, at the same time. Never rejects: a trigger that fails to stop is logged. */
  async stop(): Promise<void> {
    this.#controller.abort();
    await Promise.all(this.#started.splice(0).map((trigger) => this.#stop(trigger)));
    this.#files = [];
    this.#store?.close();
    this.#store = undefined;
  }

  // SQLite is loaded by whoever has triggers and starts them: 20 ms that no other runtime pays.
  async #openStore(): Promise<Store> {
    const { dataDir, log } = this.#options;
    const { Store } = await import('../store/store.ts');
    this.#store = new Store(databaseFile(dataDir), log);
    return this.#store;
  }

  /** What a trigger counts: files by state, else the entries of its store by group; nothing while it isn't started. */
  figuresOf(id: string): { hasFiles: boolean; counts: Readonly<Record<string, number>> } {
    const open = this.#files.find(({ trigger }) => trigger === id);
    if (open) return { hasFiles: true, counts: open.files.counts() };
    return { hasFiles: false, counts: this.#store?.of(id).counts() ?? {} };
  }

  /** Those of the triggers that work on files; none while they aren't started. */
  get files(): readonly OpenFiles[] {
    return this.#files;
  }

  /** Aborts when the files can't be listed any more. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async #openFiles(trigger: Trigger, store: TriggerStore): Promise<void> {
    const files = await trigger.openFiles?.({ root: this.#options.root, store });
    if (files) this.#files.push({ trigger: trigger.id, files, store });
  }

  async #stop(trigger: Trigger): Promise<void> {
    try {
      await trigger.stop();
    } catch (error) {
      const fields = { trigger: trigger.id, err: error };
      this.#options.log.error(fields, `the trigger ${trigger.id} failed to stop`);
    }
  }
}
