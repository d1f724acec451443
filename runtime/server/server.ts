import { mkdir } from 'node:fs/promises';
import type { Logger } from '../config/logger.ts';
import { PoolError } from '../errors/pool-errors.ts';
import type { Runtime } from '../index.ts';
import { version } from '../version.ts';
import { controlAddress } from './address.ts';
import { readControlFile, removeControlFile, writeControlFile } from './control-file.ts';
import { isAnswered } from './is-answered.ts';
import { listenPrivately } from './listen.ts';
import { buildRoutes } from './routes.ts';

export interface ControlServer {
  /** Where it listens: the path of a socket, or the name of a pipe on Windows. */
  readonly address: string;
  /**
   * Takes the address away at once, lets answers that are under way go out, and closes. Close the runtime first:
   * that settles what is still being waited for.
   */
  close(): Promise<void>;
}

export interface ControlOptions {
  readonly logger: Logger;
  /** Called for `pool stop`. Default: `runtime.close()`. */
  readonly onStop?: (() => void) | undefined;
  /** Aborted when the runtime is on its way out, whoever asked for it. */
  readonly stopping: AbortSignal;
}

/**
 * Serves the control API of a runtime: HTTP over a socket in its `dataDir` that only this user can open, which
 * `pool invoke`, `list`, `status` and `stop` use. `control.json` beside it says where.
 *
 * @throws PoolError `RUNTIME_RUNNING` when another runtime serves this `dataDir`; the message names its pid
 */
export async function serveControl(runtime: Runtime, options: ControlOptions): Promise<ControlServer> {
  const { dataDir } = runtime;
  await mkdir(dataDir, { recursive: true });
  const address = controlAddress(dataDir);
  await expectNobody(dataDir, address);

  const startedAt = new Date();
  const onStop = options.onStop ?? (() => void runtime.close());
  const routes = buildRoutes({ ...options, runtime, startedAt, onStop });
  const { remove } = await listenPrivately({ address, dataDir, listen: (path) => routes.listen({ path }) });

  const close = async () => {
    removeControlFile(dataDir, process.pid);
    remove();
    // A client that doesn't read its answer must not hold up the end.
    const deadline = setTimeout(() => routes.server.closeAllConnections(), answersGoOutMs);
    await routes.close();
    clearTimeout(deadline);
  };
  try {
    await writeControlFile(dataDir, {
      pid: process.pid,
      address,
      config: runtime.configPath ?? null,
      root: runtime.root,
      startedAt: startedAt.toISOString(),
      version,
    });
  } catch (error) {
    await close();
    throw error;
  }
  options.logger.debug({ address }, 'control server listens');
  return { address, close };
}

const answersGoOutMs = 2000;

async function expectNobody(dataDir: string, address: string): Promise<void> {
  if (!(await isAnswered(address))) return;
  const pid = readControlFile(dataDir)?.pid;
  throw new PoolError(
    'RUNTIME_RUNNING',
    `Another runtime${pid === undefined ? '' : ` (pid ${pid})`} serves ${dataDir} already. ` +
      'Stop it with `pool stop`, or give this one a `dataDir` of its own.',
  );
}
