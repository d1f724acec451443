import { once } from 'node:events';
import { createRuntime, type LogLevel, type Runtime } from '../runtime/index.ts';
import { reportError } from '../runtime/server/client.ts';
import type { ControlServer } from '../runtime/server/server.ts';
import { exitCodes } from './exit-codes.ts';
import { startFailure } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { announceFunctions, announceReady } from './output/announcements.ts';
import type { PoolLogger } from './output/logger.ts';
import { killRuntime } from './project/kill.ts';

interface ServiceOptions {
  readonly config: string | undefined;
  readonly logLevel: LogLevel | undefined;
}

/** What `pool start` runs: a runtime with its triggers and the control API, until somebody wants it to stop. */
export class Service {
  readonly #log: PoolLogger;
  readonly #stopWanted = new AbortController();
  #runtime: Runtime | undefined;
  #server: ControlServer | undefined;

  constructor(log: PoolLogger) {
    this.#log = log;
    onInterrupt({ first: () => this.#stop(), again: () => void this.#kill() });
  }

  /** @throws CommandFailure when it can't be started; nothing is left of it then */
  async start({ config, logLevel }: ServiceOptions): Promise<void> {
    try {
      // The server's library is loaded while the workers start.
      const loadingServer = import('../runtime/server/server.ts');
      loadingServer.catch(() => {}); // told where it is awaited
      this.#runtime = await createRuntime({ config, logLevel, logger: this.#log });
      this.#log.level = this.#runtime.logLevel;
      announceFunctions(this.#log, this.#runtime);
      // This takes the data folder: whoever has it is the only one who may put a control socket there.
      await this.#runtime.start();
      const { serveControl } = await loadingServer;
      this.#server = await serveControl(this.#runtime, { logger: this.#log, onStop: () => this.#stop() });
      announceReady(this.#log, this.#runtime);
    } catch (error) {
      await this.#close({ timeout: 0 }).catch((second: Error) => {
        this.#log.warn({ err: second }, `what had been started could not be closed: ${second.message}`);
      });
      throw startFailure(reportError(error));
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

  #stop(): void {
    if (this.#stopWanted.signal.aborted) return;
    // Its workers are about to start, and end with their parent.
    if (!this.#runtime) process.exit(exitCodes.interrupted);
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
    process.exit(exitCodes.interrupted);
  }
}
