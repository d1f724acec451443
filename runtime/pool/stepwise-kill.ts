import { startTimer } from './timer.ts';
import type { WorkerHost } from './worker-host.ts';

/** Ends a worker that was asked to end and may not do so: SIGTERM after `killGrace`, SIGKILL after twice that. */
export class StepwiseKill {
  readonly #host: WorkerHost;
  readonly #killGraceMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: WorkerHost, killGraceMs: number) {
    this.#host = host;
    this.#killGraceMs = killGraceMs;
  }

  /** The time it is given begins now. */
  start(): void {
    this.stop();
    this.#timer = startTimer(() => {
      this.#host.kill('SIGTERM');
      this.#timer = startTimer(() => this.#host.kill('SIGKILL'), this.#killGraceMs);
    }, this.#killGraceMs);
  }

  /** It need not be killed any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
