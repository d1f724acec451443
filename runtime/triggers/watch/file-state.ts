import type { Arrival } from './arrival.ts';
import { type FileVersion, noVersion } from './file-version.ts';
import type { Receipts } from './receipts.ts';
import type { Completeness } from './watched-file.ts';

/** A version that is ready for the function, and what happened to it so far. */
export interface Candidate {
  readonly version: FileVersion;
  /** What the completeness check said: `partial` when its writer fell silent before the end. */
  readonly verdict: Completeness;
  /** Attempts that failed. */
  readonly failures: number;
  /** How often in a row the file had changed by the time its function was done. */
  readonly reruns: number;
  /** How often the runtime was killed while its function ran. */
  readonly interruptions?: number;
  /** Its place in line since it was queued. */
  readonly place?: number;
}

/**
 * Where a file stands. Nothing is known of a file that has no state.
 *
 * - seen → `arriving`, from any state when it is another version than the known one;
 * - `arriving` → `queued` when it is complete, → `setAside` when nothing comes;
 * - `queued` → `running` when there is a slot, → `held` when it may be the output of an invocation that still runs;
 * - `held` → `queued` when it was not;
 * - `running` → `done`, → `waiting` when it failed, → `setAside` when it failed for good, → `queued` when it was
 *   not run after all;
 * - `waiting` → `queued` when it is time for the next attempt;
 * - `setAside`, `waiting` → `rearmed` when somebody asks for it, → `arriving` with the next look;
 * - listed in a result → `output`, from any state but `running`;
 * - gone → no state, from any; from `done`, `output` and `setAside` by way of `gone`, for it may come back as it was, and
 *   from `running` as well when its function succeeds.
 */
export type FileState = Arriving | Receipt;

/** Seen, and not known to be complete. */
export interface Arriving {
  readonly name: 'arriving';
  readonly arrival: Arrival;
}

/** A state that outlives the arrival of a file. */
export type Receipt =
  /** Complete, in line for its function. `returned` ones come first: their turn had come before. */
  | { readonly name: 'queued'; readonly candidate: Candidate; readonly returned?: boolean }
  /** Complete, but an invocation that still runs may have written it. */
  | { readonly name: 'held'; readonly candidate: Candidate }
  | { readonly name: 'running'; readonly candidate: Candidate }
  /** Failed; tried again after a while, at `nextAt` on the clock of `Date.now()`. */
  | {
      readonly name: 'waiting';
      readonly candidate: Candidate;
      readonly reason: string;
      readonly nextAt: number;
    }
  /** Had failed, and whatever version the next look finds is a new one: somebody wants it tried again. */
  | { readonly name: 'rearmed'; readonly reason: string }
  | Settled
  /** Was settled, and is not there any more. */
  | { readonly name: 'gone'; readonly before: Settled; readonly since: number };

/** Nothing is to be done with a file unless it changes. */
export type Settled =
  | { readonly name: 'done'; readonly key: string }
  /** Written by the trigger's own function. */
  | { readonly name: 'output'; readonly key: string }
  /** Given up, until another version is seen. */
  | {
      readonly name: 'setAside';
      readonly key: string;
      readonly reason: string;
      /** Attempts that failed. */
      readonly failures: number;
    };

export type StateName = FileState['name'];

// `unknown` stands for having no state: a file is unknown before it is seen and again when it is gone.
const moves: Record<StateName | 'unknown', readonly (StateName | 'unknown')[]> = {
  unknown: ['arriving', 'done', 'output'],
  arriving: ['queued', 'setAside', 'output', 'unknown'],
  queued: ['running', 'held', 'arriving', 'output', 'unknown'],
  held: ['queued', 'arriving', 'output', 'unknown'],
  running: ['done', 'waiting', 'setAside', 'queued', 'arriving', 'gone', 'unknown'],
  waiting: ['queued', 'rearmed', 'arriving', 'output', 'unknown'],
  rearmed: ['arriving', 'output', 'unknown'],
  done: ['arriving', 'output', 'gone', 'unknown'],
  output: ['arriving', 'output', 'gone'],
  setAside: ['rearmed', 'arriving', 'output', 'gone', 'unknown'],
  gone: ['done', 'output', 'setAside', 'arriving', 'unknown'],
};

/** The state of every file, and the one place where it changes. */
export class FileStates {
  readonly #receipts: Receipts;
  readonly #notesArrivals: boolean;
  // Files that are arriving are few and short-lived. They need no receipt where a restart sees them anew.
  readonly #arrivals = new Map<string, Arriving>();

  /** `notesArrivals`: a restart takes those for known that it has no receipt of, so that it needs one of these as well. */
  constructor(receipts: Receipts, { notesArrivals = false }: { notesArrivals?: boolean } = {}) {
    this.#receipts = receipts;
    this.#notesArrivals = notesArrivals;
  }

  get(path: string): FileState | undefined {
    return this.#arrivals.get(path) ?? this.#receipts.get(path);
  }

  /** Gives a file its next state; none when it is gone. */
  move(path: string, next: FileState | undefined): void {
    const from = this.get(path)?.name ?? 'unknown';
    const to = next?.name ?? 'unknown';
    if (!moves[from].includes(to)) throw new Error(`A file can't go from ${from} to ${to}: ${path}`);
    if (next?.name === 'arriving') {
      this.#arrivals.set(path, next);
      if (this.#notesArrivals) this.#receipts.set(path, cutOff);
      else this.#receipts.delete(path);
      return;
    }
    this.#arrivals.delete(path);
    if (next) this.#receipts.set(path, next);
    else this.#receipts.delete(path);
  }

  arrival(path: string): Arrival | undefined {
    return this.#arrivals.get(path)?.arrival;
  }

  /** How many are arriving or are to, when so many have the receipt `rearmed`. */
  countArriving(rearmed: number): number {
    return this.#notesArrivals ? rearmed : rearmed + this.#arrivals.size;
  }

  *arrivals(): Iterable<Arrival> {
    for (const { arrival } of this.#arrivals.values()) yield arrival;
  }
}

const cutOff: Receipt = { name: 'rearmed', reason: 'it was arriving when the runtime ended' };

/** The version that a state is about. */
export function keyOf(state: FileState): string {
  if (state.name === 'arriving') return state.arrival.version.key;
  if (state.name === 'gone') return state.before.key;
  if (state.name === 'rearmed') return noVersion;
  return 'candidate' in state ? state.candidate.version.key : state.key;
}
