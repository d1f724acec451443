/** How a reading is given. A rate counts upwards, a duration downwards; the ratios take care of it. */
export type Unit = 'µs' | 's' | '/s';

/** One column of a subject's table. */
export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
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
  /** Takes one reading, in the unit of the measure. Called in a fresh process that runs nothing else. */
  measure(job: Job): Promise<number>;
}
