import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { encodeValue } from '../channel/codec.ts';
import type { MarkWriter } from '../channel/marks.ts';
import type { FunctionDescriptor, FunctionSource } from '../channel/messages.ts';
import { type FunctionForm, readExports } from './exports.ts';
import { describeInput } from './input.ts';

/** A function as this worker has it: what it tells the runtime, and what runs when it is invoked. */
export interface LoadedFunction {
  readonly source: FunctionSource;
  readonly descriptor: FunctionDescriptor;
  /** Not there when the module could not be loaded. */
  readonly form: FunctionForm | undefined;
}

/** Imports each function's module, one after another. One that fails doesn't hinder the others. */
export async function loadFunctions(
  sources: readonly FunctionSource[],
  marks: MarkWriter,
): Promise<LoadedFunction[]> {
  const loaded: LoadedFunction[] = [];
  for (const [index, source] of sources.entries()) {
    marks.loading(index);
    loaded.push(await loadFunction(source));
  }
  marks.loaded();
  return loaded;
}

async function loadFunction(source: FunctionSource): Promise<LoadedFunction> {
  try {
    const form = readExports(await importModule(source.file), source.file);
    const { description, ...config } = form.config;
    const descriptor: FunctionDescriptor = {
      name: source.name,
      state: 'ready',
      description: typeof description === 'string' ? description : undefined,
      config: withoutFunctions(config),
      inputSchema: describeInput(form.input),
    };
    // What can't be told to the runtime must cost this function alone, and not the message with all of them.
    encodeValue(descriptor, 'settings');
    return { source, form, descriptor };
  } catch (thrown) {
    return {
      source,
      form: undefined,
      descriptor: { name: source.name, state: 'failed', error: describe(thrown) },
    };
  }
}

const isTypeScript = /\.[cm]?tsx?$/;

async function importModule(file: string): Promise<Record<string, unknown>> {
  if (isTypeScript.test(file)) await registerTsx();
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
}

let registered: Promise<void> | undefined;

// Only when a function needs it: it costs some 60 ms, which a folder of plain JavaScript should not pay.
function registerTsx(): Promise<void> {
  registered ??= (async () => {
    // The loader for import alone fails on the TypeScript files of a package without "type": "module".
    const cjs: typeof import('tsx/cjs/api') = createRequire(import.meta.url)('tsx/cjs/api');
    const esm = await import('tsx/esm/api');
    cjs.register();
    esm.register();
  })();
  return registered;
}

/** What the runtime is told of the settings: what is code stays here. */
function withoutFunctions(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => typeof value !== 'function'));
}

function describe(thrown: unknown): { name: string; message: string; stack?: string | undefined } {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message, stack: thrown.stack };
  return { name: 'Error', message: `the module threw ${String(thrown)}` };
}
