import { closestOf } from '../runtime/config/did-you-mean.ts';
import type { FunctionInfo } from '../runtime/index.ts';
import { CommandFailure } from './failure.ts';

/** There is no function of that name in the project; says which one was probably meant. */
export function functionNotFound(name: string, functions: readonly FunctionInfo[]): CommandFailure {
  const names = functions.map((each) => each.name);
  const closest = closestOf(name, names);
  const hint = closest === undefined ? `; there are: ${names.join(', ')}.` : `, did you mean "${closest}"?`;
  return new CommandFailure({
    name: 'FunctionNotFoundError',
    code: 'FUNCTION_NOT_FOUND',
    message: `There is no function "${name}"${names.length === 0 ? '.' : hint}`,
    functionName: name,
    ...(closest !== undefined && { closest }),
  });
}
