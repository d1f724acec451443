import { isAbsolute } from 'node:path';
import { checkStates } from '../config/trigger-files.ts';
import type { FilesOptions } from '../index.ts';
import { BadRequestError, shown } from './bad-request.ts';

/**
 * Reads which files are asked for: `?state=setAside&state=waiting`.
 * @throws BadRequestError
 */
export function readFilesQuery(query: unknown): FilesOptions {
  const { state, ...unknown } = query as Record<string, unknown>;
  for (const name of Object.keys(unknown)) {
    throw new BadRequestError(`Expected \`state\` in the query, got \`${name}\`.`);
  }
  if (state === undefined) return {};
  const states: readonly unknown[] = [state].flat();
  try {
    checkStates(states);
  } catch (error) {
    throw new BadRequestError(`In the query: ${(error as Error).message}.`);
  }
  return { state: states };
}

/**
 * Reads the body of a request to try files again.
 * @throws BadRequestError
 */
export function readRetryRequest(body: unknown): readonly string[] | 'all' {
  const { paths } = (body ?? {}) as { paths?: unknown };
  if (paths === 'all') return paths;
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string' && isAbsolute(path)))
    return paths;
  throw new BadRequestError(
    `Expected \`paths\` in the body to be a list of absolute paths, or "all", got ${shown(paths)}.`,
  );
}
