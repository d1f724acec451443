import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isCommonJs, isModuleInCommonJs, isTypeScript } from '../modules/module-kind.ts';
import { withTsconfig } from '../modules/tsconfig.ts';

/** Imports a configuration file as it is now, through tsx where Node can't run it as it is. */
export async function importConfig(file: string): Promise<unknown> {
  // A program may load a file again that has changed since: it must not get what it got before.
  const url = `${pathToFileURL(file).href}?${fs.statSync(file).mtimeMs}`;
  if (isTypeScript(file) ? isCommonJs(file) : isModuleInCommonJs(file)) return requireThroughTsx(file);
  if (!isTypeScript(file)) {
    delete require.cache[fs.realpathSync(file)];
    return import(url);
  }
  const { tsImport } = await import('tsx/esm/api');
  return withTsconfig(path.dirname(file), () => tsImport(url, import.meta.url));
}

const require = createRequire(import.meta.url);

let loads = 0;

// The loader for import fails on the files of a package without "type": "module".
function requireThroughTsx(file: string): unknown {
  const { register }: typeof import('tsx/cjs/api') = require('tsx/cjs/api');
  // What a namespace has loaded is found in it again.
  const namespace = `warm-pool-config-${++loads}`;
  const tsx = withTsconfig(path.dirname(file), () => register({ namespace }));
  try {
    return asNamespace(tsx.require(file, import.meta.url));
  } finally {
    tsx.unregister();
  }
}

/** What `module.exports = …` gives is the default export, as it is to an import of CommonJS. */
function asNamespace(exports: unknown): unknown {
  if (typeof exports !== 'object' || exports === null) return { default: exports };
  const isCompiled = '__esModule' in exports;
  return isCompiled || Object.keys(exports).length === 0 ? exports : { default: exports };
}
