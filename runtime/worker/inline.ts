import { createRequire } from 'node:module';
import vm from 'node:vm';
import type { InlineSource } from '../channel/messages.ts';
import { type LoadedFunction, registerTsx } from './load.ts';

/** A function of `runtime.run`. It is compiled when it first runs, so that what goes wrong then belongs to an invocation. */
export function inlineFunction(source: InlineSource): LoadedFunction {
  const { name, file, root, loadsTypeScript } = source;
  let isPrepared = !loadsTypeScript;
  let fn: ((...args: unknown[]) => unknown) | undefined;
  const call = (args: unknown) => {
    fn ??= compile(source);
    return fn(...(args as unknown[]));
  };
  const prepareAndCall = async (args: unknown) => {
    await registerTsx(root);
    isPrepared = true;
    return call(args);
  };
  const handler = (args: unknown) => (isPrepared ? call(args) : prepareAndCall(args));
  const version = 'inline';
  return {
    source: { name, file, version },
    form: { handler, input: undefined, setup: undefined, teardown: undefined, config: {} },
    descriptor: { name, state: 'ready', version, config: {} },
  };
}

function compile({
  script,
  offset,
  file,
  counters,
  hasImport,
}: InlineSource): (...args: unknown[]) => unknown {
  if (hasImport) keepImportSilent();
  // No vm.Script: V8 keeps each of those that it has compiled, some KB, for as long as the worker lives.
  const columnOffset = -(offset + returned.length);
  const options = { filename: file, columnOffset, importModuleDynamically };
  const make = vm.compileFunction(returned + script, [], options)() as (...helpers: unknown[]) => object;
  const made = make(createRequire(file), keepName, ...counters.map(() => () => counter));
  return Object.values(made)[0] as (...args: unknown[]) => unknown;
}

const returned = 'return ';

// As in a module: with the loaders that there are, and relative to the file.
const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;

let isImportSilent = false;

/** Node warns at the first import that this is experimental: that would be logged as what the function has printed. */
function keepImportSilent(): void {
  if (isImportSilent) return;
  isImportSilent = true;
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    const first = new vm.Script("import('node:vm')", { importModuleDynamically }).runInThisContext();
    (first as Promise<unknown>).catch(() => {});
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** What esbuild and tsx call to keep the names of functions and classes. */
function keepName<Target extends object>(target: Target, name: string): Target {
  return Object.defineProperty(target, 'name', { value: name, configurable: true });
}

/** Takes whatever a coverage tool counts, and forgets it: `cov_x().b[0][1]++`. */
const counter: object = new Proxy(
  {},
  {
    get: (_target, key) => (key === Symbol.toPrimitive ? () => 0 : counter),
    set: () => true,
  },
);
