import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProject } from '../config/find.ts';
import { ControlClient } from './control-client.ts';
import { type ControlFile, readControlFile } from './control-file.ts';
import { isAnswered } from './is-answered.ts';

interface Whereabouts {
  /** Where the search for the configuration begins. */
  readonly cwd: string;
  /** The configuration file, when it is named instead of searched. */
  readonly config?: string | undefined;
}

/**
 * Finds the runtime that `pool start` runs for a project, or undefined. It looks into the default data folder first,
 * which costs a millisecond; the configuration, which can name another, is loaded only when nobody is there.
 *
 * @throws ConfigError when the configuration is missing or can't be read
 */
export async function findRuntime({ cwd, config }: Whereabouts): Promise<ControlClient | undefined> {
  const { root, configPath } = findProject(cwd, config);
  const inDefault = await servedFrom(join(root, defaultDataDir), configPath);
  if (inDefault || configPath === undefined) return inDefault;
  const dataDir = resolve(root, await configuredDataDir(configPath));
  return dataDir === join(root, defaultDataDir) ? undefined : servedFrom(dataDir, configPath);
}

/**
 * Finds whoever serves the data folder that a project would take, whichever configuration it has; or undefined.
 *
 * @throws ConfigError when the configuration is missing or can't be read
 */
export async function findHolder({ cwd, config }: Whereabouts): Promise<ControlFile | undefined> {
  const { root, configPath } = findProject(cwd, config);
  const dataDir = configPath === undefined ? defaultDataDir : await configuredDataDir(configPath);
  const control = readControlFile(resolve(root, dataDir));
  return control && (await isAnswered(control.address)) ? control : undefined;
}

const defaultDataDir = '.pool';

async function configuredDataDir(configPath: string): Promise<string> {
  const [{ loadConfigAhead }, { readConfig }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/read.ts'),
  ]);
  return readConfig(await loadConfigAhead(configPath), configPath).dataDir;
}

async function servedFrom(
  dataDir: string,
  configPath: string | undefined,
): Promise<ControlClient | undefined> {
  const control = readControlFile(dataDir);
  // Two configurations can share a data folder: the one that is served there may not be the one asked for.
  if (!control || !isServedConfig(control, configPath)) return undefined;
  // A killed runtime leaves the file behind, and its pid may be another process by now: only the address tells.
  return (await isAnswered(control.address)) ? new ControlClient(control) : undefined;
}

function isServedConfig({ config }: ControlFile, expected: string | undefined): boolean {
  if (config === null || expected === undefined) return config === null && expected === undefined;
  return config === expected || realPath(config) === realPath(expected);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
