import { issuesOfTrigger, mistakesIn } from '../config/issues.ts';
import type { Logger } from '../config/logger.ts';
import type { Invocation, InvokeOptions } from '../invocation/invocation.ts';
import type { Trigger } from './trigger.ts';

/** What the triggers of a runtime share. */
export interface TriggerHostOptions {
  readonly invoke: (name: string, args: unknown, options: InvokeOptions) => Invocation;
  readonly log: Logger;
  readonly root: string;
  readonly concurrency: number;
}

/** Starts and stops the triggers of a runtime. */
export class TriggerHost {
  readonly #triggers: readonly Trigger[];
  readonly #options: TriggerHostOptions;
  readonly #started: Trigger[] = [];
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
    for (const trigger of this.#triggers) {
      this.#started.push(trigger);
      try {
        await trigger.start({
          invoke: (name, args, options) => invoke(name, args, { priority: 'low', cwd: root, ...options }),
          log: log.child({ trigger: trigger.id }),
          signal: this.#controller.signal,
          root,
          concurrency,
        });
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
