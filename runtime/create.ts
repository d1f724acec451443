import path from 'node:path';
import { loadAsUsual } from './compile/node-options.ts';
import { checkCreateOptions } from './config/create-options.ts';
import { findProject, type Project } from './config/find.ts';
import { loadConfigFile } from './config/load.ts';
import { silentLogger } from './config/logger.ts';
import { readConfig, type Settings } from './config/read.ts';
import { type FunctionsPlace, findFunctions } from './functions/find.ts';
import { resolveFolders } from './functions/folders.ts';
import { startAhead } from './pool/start-ahead.ts';
import type { CreateRuntimeOptions, Runtime } from './types.ts';

/** See `createRuntime` in index.ts. */
export async function createRuntime(options: CreateRuntimeOptions = {}): Promise<Runtime> {
  checkCreateOptions(options);
  const { project, settings } = await readProject(options);
  // Processes start and functions are compiled while the rest of the runtime is loaded.
  const spares = startAhead(settings.pools);
  try {
    const place = placeOf(project, settings);
    const found = findFunctions(place);
    found.catch(() => {}); // whoever awaits it is told
    const { WarmRuntime } = await import('./runtime.ts');
    const log = { level: options.logLevel ?? settings.log.level };
    const logger = options.logger ?? silentLogger;
    const runtime = new WarmRuntime(project, { ...settings, log }, logger, { spares, place, found });
    await loadOrClose(runtime, options);
    return runtime;
  } catch (error) {
    await Promise.all(Array.from(spares.values(), (each) => each.stop()));
    throw error;
  }
}

function placeOf({ root }: Project, { functions, dataDir, pools }: Settings): FunctionsPlace {
  return {
    folders: resolveFolders(functions, root),
    root,
    compiled: pools.every(loadAsUsual) ? path.resolve(root, dataDir, 'compiled') : undefined,
  };
}

async function loadOrClose(
  runtime: Runtime & { load(options: { watch: boolean }): Promise<void> },
  { hotReload = true }: CreateRuntimeOptions,
): Promise<void> {
  try {
    await runtime.load({ watch: hotReload });
  } catch (error) {
    await runtime.close({ timeout: 0 });
    throw error;
  }
}

async function readProject({ cwd = process.cwd(), config }: CreateRuntimeOptions) {
  if (typeof config === 'object') {
    const project: Project = { root: path.resolve(cwd), configPath: undefined };
    return { project, settings: readConfig(config, 'the configuration given to createRuntime') };
  }
  const project = findProject(cwd, config);
  const { configPath } = project;
  if (configPath === undefined) return { project, settings: readConfig({}, 'the default configuration') };
  return { project, settings: readConfig(await loadConfigFile(configPath), configPath) };
}
