import fs from 'node:fs';
import { ConfigError } from '../errors/pool-errors.ts';
import { importConfig } from './import.ts';

/**
 * Loads a configuration file, through tsx when it is TypeScript, and returns what it exports by default.
 * @throws ConfigError when it can't be loaded or exports nothing
 */
export async function loadConfigFile(file: string): Promise<unknown> {
  const ahead = loadedAhead.get(file);
  loadedAhead.delete(file);
  if (ahead && ahead.mtimeMs === mtimeOf(file)) return ahead.config;
  return load(file);
}

/**
 * Loads a configuration file to look something up in it. Who loads the same file next gets the same: what it does and
 * prints happens once, also where a command looks for a running runtime first and then starts one.
 * @throws ConfigError
 */
export async function loadConfigAhead(file: string): Promise<unknown> {
  const mtimeMs = mtimeOf(file);
  const config = await load(file);
  loadedAhead.set(file, { mtimeMs, config });
  return config;
}

const loadedAhead = new Map<string, { readonly mtimeMs: number | undefined; readonly config: unknown }>();

function mtimeOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

async function load(file: string): Promise<unknown> {
  const config = unwrap(await unlessStuck(file, importExplained(file)));
  if (config !== undefined) return config;
  throw new ConfigError(
    `The configuration ${file} has no default export: write \`export default defineConfig({ … })\`.`,
  );
}

async function importExplained(file: string): Promise<unknown> {
  try {
    return await importConfig(file);
  } catch (cause) {
    // A mistake that a trigger or another part of this package found says already what it is.
    if (cause instanceof ConfigError) {
      const message = `In the configuration ${file}: ${cause.message}`;
      throw new ConfigError(message, { cause, issues: cause.issues });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`The configuration ${file} could not be loaded: ${why}`, { cause });
  }
}

/** A module that awaits what never comes would end the program without a word, as soon as it has nothing else to do. */
async function unlessStuck(file: string, loading: Promise<unknown>): Promise<unknown> {
  let tell = () => {};
  const stuck = new Promise<never>((_resolve, reject) => {
    tell = () =>
      reject(
        new ConfigError(
          `The configuration ${file} never finished loading: it awaits something that nothing is left to settle.`,
        ),
      );
  });
  process.once('beforeExit', tell);
  try {
    return await Promise.race([loading, stuck]);
  } finally {
    process.off('beforeExit', tell);
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
