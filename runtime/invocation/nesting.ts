import { newInvocationId } from '../channel/invocation-id.ts';
import { PoolError } from '../errors/pool-errors.ts';
import { InvocationRecord } from './record.ts';

/** Of functions that call each other so deep it is more likely that they would do so without end. */
const deepest = 8;

/** The record of an invocation that the function of `parent` makes. */
export function nestedRecord(parent: InvocationRecord, name: string, deadlineAt: number): InvocationRecord {
  const record = new InvocationRecord(newInvocationId(), name);
  record.nesting = { parent, depth: depthOf(parent) + 1, deadlineAt };
  return record;
}

/** How many invocations have called each other to get to this one. */
export function depthOf({ nesting }: InvocationRecord): number {
  return nesting?.depth ?? 0;
}

/** @throws PoolError `NESTED_TOO_DEEP`, with the names of all that have called each other */
export function checkDepth(record: InvocationRecord): void {
  if (depthOf(record) <= deepest) return;
  const { functionName, id: invocationId } = record;
  const message =
    `Function "${functionName}" can't be invoked: functions may invoke each other ${deepest} deep, ` +
    `and this would be one more: ${chainOf(record).join(' → ')}.`;
  throw new PoolError('NESTED_TOO_DEEP', message, { functionName, invocationId });
}

function chainOf(record: InvocationRecord): string[] {
  const names: string[] = [];
  for (let each: InvocationRecord | undefined = record; each; each = each.nesting?.parent) {
    names.unshift(each.functionName);
  }
  return names;
}
