import { FunctionNotFoundError } from '../errors/pool-errors.ts';
import { closestOf } from '../options/did-you-mean.ts';

/** The error of a name that none of the functions has. It says which one was probably meant, or which there are. */
export function functionNotFound(
  name: string,
  { among, invocationId }: { among: readonly string[]; invocationId?: string },
): FunctionNotFoundError {
  const closest = closestOf(name, among);
  const hint = closest === undefined ? listOf(among) : `, did you mean "${closest}"?`;
  return new FunctionNotFoundError(`There is no function "${name}"${hint}`, {
    functionName: name,
    invocationId,
    closest,
  });
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? ': the functions folder is empty.' : `; there are: ${names.join(', ')}.`;
}
