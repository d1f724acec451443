import type { Outcome } from './rounds.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';
import type { Contestant, Measure, Subject } from './subject.ts';

/** One reading of the table: where it lies, and ours beside it. */
export interface Figure extends Spread {
  readonly measure: string;
  /** One a round, in the order of the rounds. */
  readonly readings: readonly number[];
  /** How many times as fast ours is; absent in our own row, of memory and ratios, and when ours was not measured. */
  readonly ratio?: Spread;
}

/** One row of the table. */
export type Row = { readonly name: string; readonly title: string } & (
  | { readonly state: 'measured'; readonly ours: boolean; readonly figures: readonly Figure[] }
  | { readonly state: 'absent' | 'failed'; readonly reason: string }
);

/** What a subject's run came to. */
export interface Report {
  readonly subject: string;
  readonly title: string;
  readonly rounds: number;
  readonly measures: readonly Measure[];
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** Summarizes what was measured, in the order of the contestants. */
export function rowsOf(
  subject: Subject,
  outcomes: readonly Outcome[],
  titles: ReadonlyMap<Contestant, string>,
): Row[] {
  const ours = outcomes.find(({ contestant }) => contestant.ours);
  return outcomes.map((outcome) => {
    const { name } = outcome.contestant;
    const title = titles.get(outcome.contestant) ?? name;
    if ('failure' in outcome) {
      return { name, title, state: 'failed', reason: outcome.failure };
    }
    const figures = subject.measures.flatMap((measure) => {
      const readings = outcome.readings.get(measure.name);
      return readings === undefined ? [] : [figureOf(measure, readings, outcome === ours ? undefined : ours)];
    });
    return { name, title, state: 'measured', ours: outcome === ours, figures };
  });
}

function figureOf(measure: Measure, readings: readonly number[], ours: Outcome | undefined): Figure {
  const figure = { measure: measure.name, readings, ...spreadOf(readings) };
  const oursReadings = ours && 'readings' in ours ? ours.readings.get(measure.name) : undefined;
  // A ratio says how many times as fast; of memory there is no such thing, and of what is added to it even less.
  return oursReadings === undefined || measure.unit === 'MB' || measure.unit === '×'
    ? figure
    : { ...figure, ratio: ratioOf(measure.unit, oursReadings, readings) };
}
