/**
 * How a reading is given. A rate counts upwards, a duration downwards; the ratios take care of it. Memory (in MB of 2^20
 * bytes) has none, and neither has what is a ratio itself (×).
 */
export type Unit = 'µs' | 'ms' | 's' | '/s' | 'MB' | '×';

/** One column of a subject's table. */
export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  /** The heading of the table it stands in, where a subject has several. */
  readonly table?: string;
  /**
   * The measure whose reading brings this one along, from the same process: where it takes long to get what is measured
   * ready.
   */
  readonly takenWith?: string;
  /** Left out of the round that warms up: it would take long and fill no cache that others don't. */
  readonly skipsWarmUp?: boolean;
}

/** Whether a contestant can take part on this machine, and under which title, version included. */
export type Presence =
  | { readonly present: true; readonly title: string }
  | { readonly present: false; readonly title: string; readonly reason: string };

/** One row of a subject's table. */
export interface Contestant {
  readonly name: string;
  /** Warm-pool itself: the row all ratios refer to. */
  readonly ours?: true;
  /** The measures it takes part in; all when not given. */
  readonly measures?: readonly string[];
  find(options: RunOptions): Promise<Presence>;
}

/** What a run of the benchmarks was asked for, as far as a subject needs to know. */
export interface RunOptions {
  readonly quick: boolean;
  /** The compiled warm-pool that is measured: the folder that has `runtime/index.js` in it. */
  readonly build: string;
  /** How many files are to be in the folders that are watched; the subject's own numbers when not given. */
  readonly files?: readonly number[] | undefined;
}

/** One measurement, handed to a process of its own. */
export interface Job extends RunOptions {
  readonly subject: string;
  readonly contestant: string;
  readonly measure: string;
  /** An empty folder of this measurement alone; removed after it. */
  readonly folder: string;
  /** What `prepare` filled for the whole run. */
  readonly prepared: string;
}

/** What the benchmarks compare. A file in `subjects/` exports one as its default, under the file's name. */
export interface Subject {
  readonly title: string;
  readonly measures: readonly Measure[];
  readonly contestants: readonly Contestant[];
  /** Rounds that count; one more is run before them and thrown away. */
  readonly rounds: { readonly full: number; readonly quick: number };
  /** What a reader of the table must know: how it was measured, what is included. */
  readonly notes: readonly string[];
  /** Fills `folder` once before the first round; returns notes on what it did. */
  prepare?(
    folder: string,
    options: RunOptions & { readonly signal: AbortSignal },
  ): Promise<readonly string[]>;
  /**
   * Takes one reading, in the unit of the measure; with those that are taken along, each by the name of its measure.
   * Called in a fresh process that runs nothing else.
   */
  measure(job: Job): Promise<number | Readings>;
}

/** Readings of one process by the names of their measures. */
export type Readings = Readonly<Record<string, number>>;

/** What a file in `subjects/` exports: a subject, or what makes one of what was asked for. */
export type SubjectExport = Subject | ((options: RunOptions) => Subject);
