import type { ErrorReport, ThrownReport } from '../../runtime/server/client.ts';

/** An error as `--json` prints it: the stacks are in it only where they are wanted, and each of them once. */
export function errorJson(report: ErrorReport, { verbose }: { verbose: boolean }): ErrorReport {
  const { stack, cause, ...rest } = report;
  return {
    ...rest,
    // With a cause its stack is the one that tells something: ours begins where the runtime was told of it.
    ...(verbose && stack !== undefined && cause === undefined ? { stack } : {}),
    ...(cause === undefined ? {} : { cause: verbose ? cause : withoutStacks(cause) }),
  };
}

function withoutStacks(thrown: ThrownReport): ThrownReport {
  if ('thrown' in thrown) return thrown;
  const { stack: _, cause, errors, ...rest } = thrown;
  return {
    ...rest,
    ...(cause === undefined ? {} : { cause: withoutStacks(cause) }),
    ...(errors === undefined ? {} : { errors: errors.map(withoutStacks) }),
  };
}
