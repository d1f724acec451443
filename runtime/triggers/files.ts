import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileReceipt, ReceiptState, TriggerFiles } from '../config/trigger-files.ts';
import { RuntimeClosedError } from '../errors/pool-errors.ts';
import type { TriggerStore } from '../store/trigger-store.ts';

/** A file, as `runtime.files()` lists it. */
export interface FileInfo extends FileReceipt {
  /** The id of the trigger that the receipt is of: a file may lie in the folders of several. */
  readonly trigger: string;
}

/** The files of one trigger. */
export interface OpenFiles {
  readonly trigger: string;
  readonly files: TriggerFiles;
  readonly store: TriggerStore;
}

/**
 * Lists the files in some states, state by state. Each is told as it is when its turn comes: one that changes its state
 * meanwhile may come twice, or not at all. The event loop is held for a few ms at a time, however many there are.
 *
 * @throws RuntimeClosedError when `signal` aborts before the end
 */
export async function* listFiles(
  triggers: readonly OpenFiles[],
  states: readonly ReceiptState[],
  signal?: AbortSignal,
): AsyncGenerator<FileInfo, void, undefined> {
  const turns = new Turns(signal);
  for (const state of states) {
    for (const { trigger, files } of triggers) {
      for (const receipt of files.list(state)) {
        yield { trigger, ...receipt };
        await turns.next();
      }
    }
  }
}

/** How many files there are in each state, over all triggers. */
export function countFiles(triggers: readonly OpenFiles[]): Partial<Record<ReceiptState, number>> {
  const sums: Partial<Record<ReceiptState, number>> = {};
  for (const { files } of triggers) {
    for (const [state, count] of Object.entries(files.counts()) as [ReceiptState, number][]) {
      sums[state] = (sums[state] ?? 0) + count;
    }
  }
  return sums;
}

/** Lets the event loop have its turn now and then, within work on files that has no pause of its own. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #began = performance.now();

  /** `signal` aborts when the triggers are stopped. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * To be awaited between small steps.
   * @throws RuntimeClosedError when the signal has aborted
   */
  async next(): Promise<void> {
    if (performance.now() - this.#began >= longestTurnMs) {
      await nextTurn();
      this.#began = performance.now();
    }
    if (this.#signal?.aborted)
      throw new RuntimeClosedError('The triggers were stopped while their files were being looked through.');
  }
}

// What waits for the loop meanwhile, as the end of an invocation, waits for no longer than that.
const longestTurnMs = 4;
