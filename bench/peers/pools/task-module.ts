import { fileURLToPath } from 'node:url';

/** The absolute path of a compiled module beside this one, for pools that load their functions from a file. */
export function taskModule(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}
