import fs from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../errors/pool-errors.ts';

export const configNames = ['pool.config.ts', 'pool.config.mts', 'pool.config.js', 'pool.config.mjs'];

/** Where a project is: its folder, and its configuration file if it has one. */
export interface Project {
  readonly root: string;
  readonly configPath: string | undefined;
}

/**
 * Finds the project of a folder: the nearest one from there upwards that has a configuration file; the folder itself
 * when there is none.
 * @throws ConfigError when the file that is named doesn't exist
 */
export function findProject(cwd: string, configPath?: string): Project {
  if (configPath !== undefined) {
    const file = path.resolve(cwd, configPath);
    if (!fs.existsSync(file)) throw new ConfigError(`The configuration file "${file}" doesn't exist.`);
    return { root: path.dirname(file), configPath: file };
  }
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    const name = configNames.find((each) => fs.existsSync(path.join(folder, each)));
    if (name) return { root: folder, configPath: path.join(folder, name) };
    if (folder === path.dirname(folder)) return { root: path.resolve(cwd), configPath: undefined };
  }
}
