import type { Events } from './events.ts';

/** What is looked at of a function. */
interface ListedFunction {
  readonly state: 'ready' | 'failed';
  readonly source: { readonly name: string; readonly version: string };
  readonly error?: { readonly message: string };
}

/** Tells what is new in a list of functions. */
export function tellFunctions(
  events: Events,
  before: readonly ListedFunction[],
  after: readonly ListedFunction[],
): void {
  const known = new Map(before.map((each) => [each.source.name, each]));
  const at = Date.now();
  for (const { state, source, error } of after) {
    const { name: functionName, version } = source;
    const last = known.get(functionName);
    known.delete(functionName);
    if (last?.state === state && last.source.version === version && last.error?.message === error?.message)
      continue;
    if (error === undefined) events.tell({ type: 'function:loaded', at, functionName, version });
    else events.tell({ type: 'function:failed', at, functionName, version, message: error.message });
  }
  for (const { source } of known.values()) {
    events.tell({ type: 'function:removed', at, functionName: source.name, version: source.version });
  }
}
