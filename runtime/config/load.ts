import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../invocation/errors.ts';
import { withTsconfig } from '../modules/tsconfig.ts';

/**
 * Loads a configuration file, through tsx when it is TypeScript, and returns what it exports by default.
 * @throws ConfigError when it can't be loaded or exports nothing
 */
export async function loadConfigFile(file: string): Promise<unknown> {
  let module: unknown;
  try {
    module = await importFile(file);
  } catch (cause) {
    // A mistake that a trigger or another part of this package found says already what it is.
    if (cause instanceof ConfigError) {
      throw new ConfigError(`In the configuration ${file}: ${cause.message}`, {
        cause,
        issues: cause.issues,
      });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`The configuration ${file} could not be loaded: ${why}`, { cause });
  }
  const config = unwrap(module);
  if (config !== undefined) return config;
  throw new ConfigError(
    `The configuration ${file} has no default export: write \`export default defineConfig({ … })\`.`,
  );
}

const require = createRequire(import.meta.url);

let loads = 0;

// A program may load a file again that has changed since: it must not get what it got before.
async function importFile(file: string): Promise<unknown> {
  const url = `${pathToFileURL(file).href}?${fs.statSync(file).mtimeMs}`;
  if (!/\.[cm]?ts$/.test(file)) {
    delete require.cache[fs.realpathSync(file)];
    return import(url);
  }
  if (isCommonJs(file)) {
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
  const { tsImport } = await import('tsx/esm/api');
  return withTsconfig(path.dirname(file), () => tsImport(url, import.meta.url));
}

/** What `module.exports = …` gives is the default export, as it is to an import of CommonJS. */
function asNamespace(exports: unknown): unknown {
  const isCompiled = isObject(exports) && '__esModule' in exports;
  const isEmpty = isObject(exports) && Object.keys(exports).length === 0;
  return isCompiled || isEmpty ? exports : { default: exports };
}

// The loader for import fails on the .ts files of a package without "type": "module".
function isCommonJs(file: string): boolean {
  if (/\.[cm]ts$/.test(file)) return file.endsWith('.cts');
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
        type?: string;
      };
      return manifest.type !== 'module';
    } catch {
      if (folder === path.dirname(folder)) return true;
    }
  }
}

/** CommonJS arrives as the default export, and once more wrapped when it was compiled from ESM. */
function unwrap(module: unknown): unknown {
  let value = module;
  for (let depth = 0; depth < 3 && isObject(value) && 'default' in value; depth++) value = value.default;
  return value === module ? undefined : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
