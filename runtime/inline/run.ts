import path from 'node:path';
import { newInvocationId } from '../channel/invocation-id.ts';
import { type InlineFunction, inlineKey } from '../invocation/inline-function.ts';
import type { Invocation, InvokeOptions } from '../invocation/invocation.ts';
import { ofInvoke } from '../invocation/options.ts';
import { type Destination, InvocationRecord } from '../invocation/record.ts';
import { submitInvocation } from '../invocation/submit.ts';
import { expectedText } from '../options/expected.ts';
import { checkOptionNames } from '../options/option-names.ts';
import { inlineFunctionOf, nameOfFunction } from './inline-function.ts';

/** How to run a function that is given to `runtime.runWith`. */
export interface RunOptions extends Omit<InvokeOptions, 'cwd'> {
  /** The name of the pool that runs it. Default: the default pool. */
  pool?: string | undefined;
  /** The folder that `import('./…')` and `require` in it are resolved from. Default: the project's folder. */
  cwd?: string | undefined;
}

export interface RunContext {
  /** The project's folder. */
  readonly root: string;
  /** Who runs it in this pool; undefined for the default one. */
  readonly route: (record: InvocationRecord, pool: string | undefined) => Destination | Error;
}

const known = new Set<string>([...ofInvoke, 'pool']);

/**
 * Runs a function of the program in a worker. Never throws: what is wrong with it or the options rejects the invocation,
 * before anything is sent.
 */
export function runInline(
  fn: unknown,
  args: readonly unknown[],
  options: RunOptions,
  { root, route }: RunContext,
): Invocation {
  const read = readFunction(fn, options, root);
  if (read instanceof Error) {
    const unsent = new InvocationRecord(newInvocationId(), inlineKey, unsendable(fn));
    return submitInvocation(unsent, undefined, {}, () => read);
  }
  const { pool, ...rest } = options;
  const record = new InvocationRecord(newInvocationId(), inlineKey, read);
  return submitInvocation(record, args, rest, (each) => route(each, pool));
}

function readFunction(fn: unknown, options: RunOptions, root: string): InlineFunction | Error {
  try {
    checkOptionNames('runWith', options, known);
    const { cwd = root } = options;
    if (typeof cwd !== 'string') throw new TypeError(expectedText('the `cwd` option to be a path', cwd));
    return inlineFunctionOf(fn, { root, folder: cwd === root ? root : path.resolve(cwd) });
  } catch (error) {
    return error as Error;
  }
}

/** For what can't be sent: it has a name all the same. */
function unsendable(fn: unknown): InlineFunction {
  return { name: nameOfFunction(fn), definition: '' };
}
