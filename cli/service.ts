import { once } from 'node:events';
import { createRuntime, type LogLevel, type Runtime } from '../runtime/index.ts';
import { findHolder, reportError } from '../runtime/server/client.ts';
import type { ControlServer } from '../runtime/server/server.ts';
import type { Backlogs } from './backlog/backlogs.ts';
import { exitWith } from './exit.ts';
import { exitCodes } from './exit-codes.ts';
import { CommandFailure, heldFailure, startFailure } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { announceFunctions, announceReady, warnOfMissingFunctions } from './output/announcements.ts';
import type { PoolLogger } from './output/logger.ts';
import { killRuntime } from './project/kill.ts';

interface ServiceOptions {
  readonly config: string | undefined;
  readonly logLevel: LogLevel | undefined;
}

/** What `pool start` runs: a runtime with its triggers and the control API, until somebody wants it to stop. */
export class Service {
  readonly #log: PoolLogger;
  readonly #backlogs: Backlogs | undefined;
  readonly #stopWanted = new AbortController();
  #runtime: Runtime | undefined;
  #server: ControlServer | undefined;

  /** `backlogs` is there where the log is for somebody who watches it. */
  constructor(log: PoolLogger, backlogs: Backlogs | undefined) {
    this.#log = log;
    this.#backlogs = backlogs;
    // `pool stop` may have been the first: then even the first Ctrl-C is one more.
    const again = () => void this.#kill();
    onInterrupt({ first: () => (this.#isStopping ? again() : this.#stop()), again });
  }

  /**
   * Resolves when it serves, or when somebody has stopped it on the way there.
   * @throws CommandFailure when it can't be started; nothing is left of it then
   */
  async start({ config, logLevel }: ServiceOptions): Promise<void> {
    try {
      // The server's library is loaded while the workers start.
      const loadingServer = import('../runtime/server/server.ts');
      loadingServer.catch(() => {}); // told where it is awaited
      const holder = await findHolder({ cwd: process.cwd(), config });
      if (holder) throw heldFailure(holder);
      this.#runtime = await createRuntime({ config, logLevel, logger: this.#backlogs?.logger ?? this.#log });
      this.#log.level = this.#runtime.logLevel;
      // Who asks for more wants to see each file; who asks for less, troubles alone.
      if (this.#runtime.logLevel === 'info') this.#backlogs?.follow(this.#runtime);
      announceFunctions(this.#log, this.#runtime);
      warnOfMissingFunctions(this.#log, this.#runtime);
      // This takes the data folder: whoever has it is the only one who may put a control socket there.
      await this.#runtime.start();
      if (this.#isStopping) return;
      const { serveControl } = await loadingServer;
      this.#server = await serveControl(this.#runtime, {
        logger: this.#log,
        onStop: () => this.#stop(),
        stopping: this.#stopWanted.signal,
      });
      if (!this.#isStopping) announceReady(this.#log, this.#runtime);
    } catch (error) {
      await this.#close({ timeout: 0 }).catch((second: Error) => {
        this.#log.warn({ err: second }, `what had been started could not be closed: ${second.message}`);
      });
      throw error instanceof CommandFailure ? error : startFailure(reportError(error));
    }
  }

  /** Resolves when somebody has stopped it and what ran then has finished. */
  async untilStopped(): Promise<void> {
    const { signal } = this.#stopWanted;
    if (!signal.aborted) await once(signal, 'abort');
    await this.#close();
    this.#log.info('stopped');
  }

  /** Where the runtime can't be closed its address goes all the same: nobody serves it any more. */
  async #close(options?: { timeout: number }): Promise<void> {
    try {
      await this.#runtime?.close(options);
    } finally {
      await this.#server?.close();
    }
  }

  get #isStopping(): boolean {
    return this.#stopWanted.signal.aborted;
  }

  #stop(): void {
    if (this.#isStopping) return;
    if (!this.#runtime) {
      this.#log.info('stopped before it was ready');
      // It did what was asked, and nothing ran. Its workers, which are about to start, end with their parent.
      exitWith(exitCodes.done);
    }
    this.#backlogs?.stop();
    const { running } = this.#runtime.stats();
    const what = running === 1 ? 'one invocation finishes' : `${running} invocations finish`;
    this.#log.info(running === 0 ? 'stopping' : `stopping: ${what} first; Ctrl-C again kills`);
    this.#stopWanted.abort();
  }

  async #kill(): Promise<void> {
    this.#log.warn('killing what still runs');
    if (this.#runtime) await killRuntime(this.#runtime);
    // Its address goes at once; the answers still on their way are nobody's any more.
    void this.#server?.close();
    exitWith(exitCodes.interrupted);
  }
}
