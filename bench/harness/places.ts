import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The compiled benchmarks: this file stands in `bench/dist/harness`. */
export const compiled = path.dirname(import.meta.dirname);

/** The folder `bench/`. */
export const bench = path.dirname(compiled);

/** The checkout of warm-pool. */
export const repository = path.dirname(bench);

/** The name and version in a folder's package.json, as `name 1.2.3`. */
export function titleOfPackage(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return `${name} ${version}`;
}

/** The name and version of an installed dependency of the benchmarks. */
export function titleOfDependency(name: string): string {
  return titleOfPackage(path.join(bench, 'node_modules', name));
}
