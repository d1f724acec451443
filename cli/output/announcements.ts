import { relative } from 'node:path';
import type { Runtime } from '../../runtime/index.ts';
import { didYouMean, version } from '../../runtime/server/client.ts';
import type { PoolLogger } from './logger.ts';

/** Says what has been loaded. A function that could not be loaded has its own line already. */
export function announceFunctions(log: PoolLogger, runtime: Runtime): void {
  const names = runtime.functions().flatMap(({ name, state }) => (state === 'ready' ? name : []));
  const { configPath } = runtime;
  const source = configPath === undefined ? 'no configuration file' : relative(process.cwd(), configPath);
  log.info(
    { root: runtime.root, config: configPath, functions: names },
    `warm-pool ${version} (pid ${process.pid}, ${source}) has ${listed(names)}`,
  );
}

/** A trigger whose function isn't there would say so only when something has happened. */
export function warnOfMissingFunctions(log: PoolLogger, runtime: Runtime): void {
  const names = runtime.functions().map(({ name }) => name);
  for (const trigger of runtime.triggers()) {
    for (const name of trigger.functions) {
      if (names.includes(name)) continue;
      const hint = didYouMean(name, names);
      log.warn(
        { trigger: trigger.id, function: name },
        `${trigger.kind} ${trigger.id} runs "${name}", which is not there${hint}`,
      );
    }
  }
}

/** Says what to do next. */
export function announceReady(log: PoolLogger, runtime: Runtime): void {
  const watches = runtime.triggers().some(({ kind }) => kind === 'watch');
  const drop = watches ? 'drop a file into a watched folder, or ' : '';
  log.info(`ready: ${drop}run \`pool invoke <function>\` in another terminal; Ctrl-C stops`);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no functions yet';
  return `${names.length === 1 ? 'the function' : `${names.length} functions:`} ${names.join(', ')}`;
}
