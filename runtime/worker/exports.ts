import { types } from 'node:util';
import type { StandardSchema } from '../functions/standard-schema.ts';
import { expectedText } from '../options/expected.ts';
import type { FunctionContext } from './context.ts';
import { lambdaHandler } from './lambda.ts';

/** What a module exports, brought into one form. */
export interface FunctionForm {
  readonly handler: (input: unknown, context: FunctionContext) => unknown;
  readonly input: StandardSchema | undefined;
  readonly setup: (() => unknown) | undefined;
  readonly teardown: (() => unknown) | undefined;
  /** All other settings, as the module has them, and those of these three that can't be used: the runtime tells them. */
  readonly config: Record<string, unknown>;
}

/**
 * Finds the function among a module's exports: `export default defineFunction({ … })`, else a default export that is
 * a function (with `export const config` beside it), else a Lambda's `handler`.
 * @throws Error that says what was found instead
 */
export function readExports(namespace: Record<string, unknown>, file: string): FunctionForm {
  // CommonJS, compiled or not, arrives as the default export, and once more wrapped when it was compiled from ESM.
  const layers: Record<string, unknown>[] = [namespace];
  for (let inner = namespace.default; isObject(inner) && layers.length < 3; inner = inner.default) {
    layers.push(inner);
  }
  const find = (name: string) => layers.find((layer) => layer[name] !== undefined)?.[name];
  const exported = layers.map((layer) => layer.default).findLast((value) => value !== undefined);

  const definition = layers.find((layer) => definitionBrand in layer);
  if (definition) return fromDefinition(definition);
  // `module.exports = resize; module.exports.config = …` has its settings on the function itself.
  const config = find('config') ?? (typeof exported === 'function' ? configOf(exported) : undefined) ?? {};
  if (!isObject(config) || Array.isArray(config))
    throw new Error(expectedText('the export `config` to be an object', config));
  if (typeof exported === 'function') return fromDefinition({ ...config, handler: exported });
  const handler = find('handler');
  if (typeof handler === 'function') {
    return fromDefinition({ ...config, handler: lambdaHandler(handler as LambdaHandler) });
  }
  throw new Error(
    `expected ${file} to export a function: a default export made by defineFunction, a default function, or a ` +
      `Lambda \`handler\`; ${describeExports(layers)}`,
  );
}

type LambdaHandler = Parameters<typeof lambdaHandler>[0];

// The same symbol as in functions/define.ts, which is not imported: the package may be there twice.
const definitionBrand = Symbol.for('warm-pool.function');

function fromDefinition(definition: Record<string, unknown>): FunctionForm {
  const { handler, ...config } = definition;
  const take = <Kind>(name: string, isUsable: (value: unknown) => value is Kind): Kind | undefined => {
    const value = config[name];
    if (!isUsable(value)) return undefined;
    delete config[name];
    return value;
  };
  return {
    handler: handler as FunctionForm['handler'],
    input: take('input', isSchema),
    setup: take('setup', isHook),
    teardown: take('teardown', isHook),
    config,
  };
}

// Schemas of arktype are functions.
function isSchema(value: unknown): value is StandardSchema {
  return (isObject(value) || typeof value === 'function') && '~standard' in value;
}

function isHook(value: unknown): value is () => unknown {
  return typeof value === 'function';
}

function configOf(exported: object): unknown {
  return Object.hasOwn(exported, 'config') ? (exported as { config?: unknown }).config : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !types.isProxy(value);
}

function describeExports(layers: readonly Record<string, unknown>[]): string {
  const isWrapping = (layer: Record<string, unknown>, name: string) => {
    return name === 'default' && (layers as unknown[]).includes(layer[name]);
  };
  const names = layers.flatMap((layer) => Object.keys(layer).filter((name) => !isWrapping(layer, name)));
  const unique = [...new Set(names)].filter((name) => name !== 'module.exports').sort();
  return unique.length === 0 ? 'it exports nothing' : `it exports ${unique.join(', ')}`;
}
