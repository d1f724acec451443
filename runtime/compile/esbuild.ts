import { createRequire } from 'node:module';

export type Esbuild = typeof import('esbuild');

/**
 * Runs `use` with an esbuild of our own, and ends its process afterwards. The program around this runtime may use esbuild as
 * well: the one that it gets by its name is not ours to stop.
 */
export async function withEsbuild<Value>(use: (esbuild: Esbuild) => Promise<Value>): Promise<Value> {
  const esbuild = loadOwn();
  try {
    return await use(esbuild);
  } finally {
    await esbuild.stop();
  }
}

function loadOwn(): Esbuild {
  const file = require.resolve('esbuild');
  const shared = require.cache[file];
  delete require.cache[file];
  try {
    return require(file) as Esbuild;
  } finally {
    if (shared) require.cache[file] = shared;
    else delete require.cache[file];
  }
}

const require = createRequire(import.meta.url);
