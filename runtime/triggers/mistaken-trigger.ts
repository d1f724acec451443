import { mistakesIn } from '../config/issues.ts';
import type { ConfigIssue } from '../errors/pool-errors.ts';
import type { Trigger } from './trigger.ts';

/**
 * Stands for a trigger that can't be made. A configuration makes its triggers while it is evaluated: an error there would
 * hide all other mistakes in it.
 */
export function mistakenTrigger(kind: string, issues: readonly ConfigIssue[]): Trigger {
  return {
    kind,
    id: `${kind} with mistakes`,
    functions: [],
    issues,
    async start() {
      throw mistakesIn(`the options of \`${kind}\``, issues);
    },
    async stop() {},
  };
}
