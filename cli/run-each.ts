import { mapItems } from '../runtime/server/client.ts';
import type { CommonOptions } from './command.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import type { Item } from './items.ts';
import { printFailure } from './output/failure.ts';
import { printItem } from './output/items.ts';
import { MapProgress } from './output/map-progress.ts';
import { whenUnread } from './output/watch-output.ts';
import type { Call, Project } from './project/project.ts';

interface EachOptions {
  readonly project: Project;
  /** The most at once. */
  readonly concurrency: number;
  /** What the invocations have in common. */
  readonly each: Pick<Call, 'timeoutMs' | 'retry'>;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly options: CommonOptions & { readonly function: string };
}

/** How it went. */
interface EachEnded {
  readonly exitCode: ExitCode;
  readonly done: number;
  readonly failed: number;
}

/**
 * Runs a function for each item and prints how each one ended, and what ended all of it before its time; a line below shows
 * how far it is. When nobody reads stdout any more it ends as well, as a program does that SIGPIPE ends: the items may
 * never come to an end.
 */
export async function runEach(
  items: Iterable<Item> | AsyncIterable<Item>,
  { project, concurrency, each, signal, options }: EachOptions,
): Promise<EachEnded> {
  const unread = whenUnread();
  const end = AbortSignal.any([signal, unread]);
  const progress = new MapProgress(options.function, Array.isArray(items) ? items.length : undefined);
  const invoke = (given: unknown) => {
    const item = given as Item;
    const cancellation = new AbortController();
    const ended = project.invoke(options.function, { ...each, args: item.args, signal: cancellation.signal });
    // What ends all of it is what the function is told.
    const cancel = (why: unknown) => cancellation.abort(end.aborted ? end.reason : new Error(String(why)));
    return Object.assign(
      ended.then((answer) => {
        progress.ended(answer);
        return { item, answer };
      }),
      { cancel },
    );
  };
  type Ended = Awaited<ReturnType<typeof invoke>>;
  const context = { invoke, concurrency: () => concurrency, groups: undefined };
  const counts = { done: 0, failed: 0 };
  try {
    for await (const { item, answer } of mapItems<Ended, Item>(items, { signal: end }, context)) {
      // The others would fare alike.
      if (!answer.ok && concernsAll.has(answer.error.code)) throw new CommandFailure(answer.error);
      counts[answer.ok ? 'done' : 'failed']++;
      printItem(item, answer, options);
    }
    return { ...counts, exitCode: counts.failed === 0 ? exitCodes.done : exitCodes.failed };
  } catch (error) {
    return { ...counts, exitCode: unread.aborted ? exitCodes.unread : printFailure(error, options) };
  } finally {
    progress.stop();
  }
}

const concernsAll = new Set(['FUNCTION_NOT_FOUND', 'FUNCTION_LOAD', 'RUNTIME_CLOSED']);
