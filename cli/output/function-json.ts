import type { FunctionInfo } from '../../runtime/index.ts';

/** A function as `--json` prints it: the stack of why it can't be loaded is in it only where it is wanted. */
export function functionJson(info: FunctionInfo, { verbose }: { verbose: boolean }): FunctionInfo {
  if (verbose || !info.error) return info;
  const { stack: _, ...error } = info.error;
  return { ...info, error };
}
