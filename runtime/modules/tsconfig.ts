import fs from 'node:fs';
import path from 'node:path';

/**
 * Runs `action`, in which tsx is registered, so that the tsconfig.json of this folder or the nearest one above holds
 * (its `paths` for example). By itself tsx takes the one of the folder that the program was started in.
 */
export function withTsconfig<Value>(folder: string, action: () => Value): Value {
  const given = process.env.TSX_TSCONFIG_PATH;
  const found = given ?? findTsconfig(folder);
  if (found === undefined) return action();
  process.env.TSX_TSCONFIG_PATH = found;
  try {
    return action();
  } finally {
    if (given === undefined) delete process.env.TSX_TSCONFIG_PATH;
  }
}

/** The tsconfig.json of this folder or the nearest one above. */
export function findTsconfig(from: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'tsconfig.json');
    if (fs.existsSync(file)) return file;
    if (folder === path.dirname(folder)) return undefined;
  }
}
