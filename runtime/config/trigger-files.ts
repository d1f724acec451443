import { didYouMean } from '../options/did-you-mean.ts';
import { expectedText } from '../options/expected.ts';
import type { TriggerStore } from '../store/trigger-store.ts';

/** In the order in which a file goes through them; the last one is that of files that are not there any more. */
export const receiptStates = [
  'arriving',
  'held',
  'queued',
  'running',
  'waiting',
  'setAside',
  'done',
  'output',
  'gone',
] as const;

/**
 * Where a file stands:
 * - `arriving`: seen, and not known to be complete;
 * - `held`: complete, but perhaps written by an invocation that still runs;
 * - `queued`: in line for its function;
 * - `running`: its function runs, or is about to;
 * - `waiting`: its function failed, and another attempt follows;
 * - `setAside`: given up until it changes or is touched;
 * - `done`: its function succeeded;
 * - `output`: written by the trigger's own function;
 * - `gone`: was `done`, `output` or `setAside`, and is not there any more. It is forgotten after a day.
 */
export type ReceiptState = (typeof receiptStates)[number];

/** What a trigger knows of a file. */
export interface FileReceipt {
  /** Absolute. */
  readonly path: string;
  readonly state: ReceiptState;
  /** In one line, why it was set aside, waits, is held or isn't taken to be complete. */
  readonly reason?: string | undefined;
  /** Attempts that failed, but for those that don't count; left out where that is not known any more. */
  readonly failures?: number | undefined;
  /** When the next attempt is due, as in `2025-01-31T12:00:00.000Z`: of a file that waits, while the trigger is started. */
  readonly nextAttempt?: string | undefined;
  /** In bytes; left out where that is not known. */
  readonly size?: number | undefined;
}

/** Where a trigger finds what it knows of its files. */
export interface FilesPlace {
  /** The folder of the configuration file, as in the context of a start. */
  readonly root: string;
  /** Its own store. It may be one that can only be read, where `set` and `delete` throw. */
  readonly store: TriggerStore;
}

/**
 * The files of a trigger, for those who list them and have them tried again. Nothing here may hold the event loop for
 * long: there can be 100,000 files.
 */
export interface TriggerFiles {
  /** The folder that they lie in, absolute. */
  readonly folder: string;
  /** How many there are in each state; none where a state is left out. */
  counts(): Readonly<Partial<Record<ReceiptState, number>>>;
  /** Those in one state. Each is read when its turn comes, and they may change between two of them. */
  list(state: ReceiptState): Iterable<FileReceipt>;
  /**
   * Has a file taken up as if it had just been touched, if it is set aside or waits for an attempt: at once while the trigger is
   * started, else at its next start. Returns the state in which it was found; undefined when the trigger has no receipt of it.
   */
  retry(path: string): ReceiptState | undefined;
}

/**
 * Checks that each of these is a state.
 * @throws TypeError that names the first one that isn't
 */
export function checkStates(given: readonly unknown[]): asserts given is readonly ReceiptState[] {
  for (const state of given) {
    if (receiptStates.includes(state as ReceiptState)) continue;
    const hint = didYouMean(String(state), receiptStates);
    throw new TypeError(`${expectedText(`a state: ${receiptStates.join(', ')}`, state)}${hint}`);
  }
}
