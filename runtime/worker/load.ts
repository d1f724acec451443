import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { encodeValue } from '../channel/codec.ts';
import type { JournalWriter } from '../channel/journal/writer.ts';
import type { FunctionDescriptor, FunctionSource } from '../channel/messages.ts';
import { isModuleInCommonJs, isTypeScript } from '../modules/module-kind.ts';
import { withTsconfig } from '../modules/tsconfig.ts';
import { versionOf } from '../modules/version.ts';
import { importCompiled } from './compiled.ts';
import { type FunctionForm, readExports } from './exports.ts';
import { describeInput } from './input.ts';
import { placeOfSyntaxError } from './syntax-error.ts';

/** A function as this worker has it: what it tells the runtime, and what runs when it is invoked. */
export interface LoadedFunction {
  readonly source: FunctionSource;
  readonly descriptor: FunctionDescriptor;
  /** Not there when the module could not be loaded. */
  readonly form: FunctionForm | undefined;
}

/** Imports each function's module, one after another. One that fails doesn't hinder the others. `root`: see messages. */
export async function loadFunctions(
  sources: readonly FunctionSource[],
  root: string,
  journal: JournalWriter,
): Promise<LoadedFunction[]> {
  const loaded: LoadedFunction[] = [];
  for (const [index, source] of sources.entries()) {
    journal.loading(index);
    loaded.push(await loadFunction(source, root));
  }
  journal.loaded();
  return loaded;
}

/** Loads what most functions need, so that `loadFunctions` need not. */
export async function prepare({
  root,
  loadsTypeScript,
}: {
  readonly root: string;
  readonly loadsTypeScript: boolean;
}): Promise<void> {
  if (loadsTypeScript) await registerTsx(root);
  else await import('../index.ts');
}

async function loadFunction(source: FunctionSource, root: string): Promise<LoadedFunction> {
  try {
    const { namespace, version } = (await importCompiled(source)) ?? (await importSource(source.file, root));
    const form = readExports(namespace, source.file);
    const inputSchema = describeInput(form.input);
    const descriptor: FunctionDescriptor = {
      name: source.name,
      version,
      state: 'ready',
      config: toldConfig(form.config),
      inputSchema: canBeSent(inputSchema) ? inputSchema : undefined,
    };
    return { source: { ...source, version }, form, descriptor };
  } catch (thrown) {
    return {
      source,
      form: undefined,
      descriptor: { name: source.name, state: 'failed', error: describe(thrown, source.file, root) },
    };
  }
}

interface Imported {
  readonly namespace: Record<string, unknown>;
  readonly version: string;
}

/** Imports the source itself, through tsx where Node can't run it as it is. */
async function importSource(file: string, root: string): Promise<Imported> {
  const before = versionOf(file);
  if (isTypeScript(file) || isModuleInCommonJs(file)) await registerTsx(root);
  const namespace = await import(pathToFileURL(file).href);
  const after = versionOf(file);
  // Saved while it was loaded: nobody can tell which of the two this is, and it must not go by the name of either.
  return { namespace, version: before === after ? before : `${before}-${after}` };
}

let registered: Promise<void> | undefined;

// Only when a function needs it: it costs some 60 ms, which a folder of plain JavaScript should not pay.
export function registerTsx(root: string): Promise<void> {
  registered ??= (async () => {
    // Most TypeScript functions import this package. What is loaded by then doesn't pass the loader, file by file: that
    // saves 50 of the 600 ms that a worker with the thumbnail function takes.
    await import('../index.ts');
    // The loader for import alone fails on the TypeScript files of a package without "type": "module".
    const cjs: typeof import('tsx/cjs/api') = createRequire(import.meta.url)('tsx/cjs/api');
    const esm = await import('tsx/esm/api');
    withTsconfig(root, () => {
      cjs.register();
      esm.register();
    });
  })();
  return registered;
}

/**
 * What the runtime is told of the settings. It knows no setting that can't be sent: such a one is a mistake, told as
 * text so that the runtime can show it, and that must not cost the message with all the others.
 */
function toldConfig(config: object): Record<string, unknown> {
  return eachTold(config, (value) => (isPlain(value) ? eachTold(value, inspect) : inspect(value)));
}

function eachTold(values: object, otherwise: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, canBeSent(value) ? value : otherwise(value)]),
  );
}

/** Of such a one, as `retry` is, only the part that can't be sent is told as text. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function canBeSent(value: unknown): boolean {
  try {
    encodeValue(value);
    return true;
  } catch {
    return false;
  }
}

function describe(
  thrown: unknown,
  file: string,
  root: string,
): { name: string; message: string; stack?: string | undefined } {
  if (thrown instanceof Error) {
    const { name, message, stack } = thrown;
    const place = name === 'SyntaxError' && !isTypeScript(file) ? placeOfSyntaxError(file, root) : undefined;
    return { name, message: place === undefined ? message : `${message} (${place})`, stack };
  }
  return { name: 'Error', message: `the module threw ${String(thrown)}` };
}
