import { isDeepStrictEqual } from 'node:util';
import type { PoolSettings } from '../config/pool-settings.ts';
import { startHost } from './start-host.ts';
import type { HostHandlers, WorkerHost } from './worker-host.ts';

/** A process that was started for a pool and has no functions yet: a worker that takes it need not wait for its start. */
export class Spare {
  readonly #host: WorkerHost;
  readonly #startedIn = surroundings();
  readonly #lines: Parameters<HostHandlers['onLine']>[] = [];
  #handlers: HostHandlers | undefined;
  #hasExited = false;

  /** `onExit` is told when it ends and nobody has taken it. */
  constructor(settings: PoolSettings, onExit: (spare: Spare) => void) {
    this.#host = startHost(settings, {
      onMessage: (message, body) => this.#handlers?.onMessage(message, body),
      onLine: (stream, line) => {
        if (this.#handlers) this.#handlers.onLine(stream, line);
        else if (this.#lines.length < mostLines) this.#lines.push([stream, line]);
      },
      onExit: (exit, journal) => {
        this.#hasExited = true;
        if (this.#handlers) this.#handlers.onExit(exit, journal);
        else onExit(this);
      },
    });
  }

  /** Has it load, before it is needed, what functions need besides themselves; `root` is the project's folder. */
  prepare(root: string, { loadsTypeScript }: { loadsTypeScript: boolean }): void {
    this.#host.send({ type: 'prepare', root, loadsTypeScript });
  }

  /** Whether it is what a process would be that is started now. */
  get isAsNew(): boolean {
    return !this.#hasExited && isDeepStrictEqual(this.#startedIn, surroundings());
  }

  /** What it says from now on, and has printed up to now, is told to these. */
  take(handlers: HostHandlers): WorkerHost {
    this.#handlers = handlers;
    for (const line of this.#lines.splice(0)) process.nextTick(() => handlers.onLine(...line));
    return this.#host;
  }

  kill(): void {
    this.#host.kill('SIGKILL');
  }
}

/** More than Node says before it has something to run. */
const mostLines = 100;

/** What a process has from the one that starts it. */
function surroundings(): { readonly env: NodeJS.ProcessEnv; readonly folder: string | undefined } {
  return { env: { ...process.env }, folder: workingFolder() };
}

function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // it was removed
  }
}
