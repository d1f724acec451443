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
  readonly #controller = new AbortController();
  readonly #started: Trigger[] = [];

  constructor(triggers: readonly Trigger[], options: TriggerHostOptions) {
    this.#triggers = triggers;
    this.#options = options;
  }

  /** Starts each in turn; when one fails, those that have started are stopped again. */
  async start(): Promise<void> {
    const { invoke, log, root, concurrency } = this.#options;
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

  async stop(): Promise<void> {
    this.#controller.abort();
    await Promise.all(this.#started.splice(0).map((trigger) => trigger.stop()));
  }
}
