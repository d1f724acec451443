import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { takeReadings } from './measurement.ts';
import { waitForQuiet } from './other-work.ts';
import { rotated } from './statistics.ts';
import type { Contestant, Job, Measure, Readings, RunOptions } from './subject.ts';

/** All readings of one contestant by the name of the measure, one a round, in the order of the rounds. */
export type AllReadings = ReadonlyMap<string, readonly number[]>;

/** What became of one contestant. */
export type Outcome =
  | { readonly contestant: Contestant; readonly readings: AllReadings }
  | { readonly contestant: Contestant; readonly failure: string };

/** A step of a run, for the progress line. */
export interface Step {
  /** From 0; 0 is the round that is thrown away. */
  readonly round: number;
  readonly measure: Measure;
  readonly contestant: Contestant;
}

interface Rounds {
  readonly subject: string;
  readonly measures: readonly Measure[];
  readonly contestants: readonly Contestant[];
  /** Rounds that count. */
  readonly count: number;
  readonly options: RunOptions;
  /** A folder for what the measurements write. */
  readonly folder: string;
  readonly prepared: string;
  readonly signal: AbortSignal;
  /** How long to wait before each reading for other programs to leave the machine alone, in ms. */
  readonly patienceMs: number;
  onStep(step: Step): void;
}

/** What the rounds came to. */
export interface Result {
  readonly outcomes: readonly Outcome[];
  /** The share of the cores that other programs kept busy just before each reading, 0 to 1. */
  readonly otherWork: readonly number[];
}

/**
 * Measures the contestants in turn: each measure once around (A B C), then the next measure, then the next round in
 * another order. Round 0 fills the caches of the file system and is not counted. A contestant that fails once is out:
 * a row with fewer readings than the others would not be comparable.
 */
export async function runRounds(rounds: Rounds): Promise<Result> {
  const failures = new Map<Contestant, string>();
  const otherWork: number[] = [];
  const readings = new Map(rounds.contestants.map((contestant) => [contestant, new Map<string, number[]>()]));

  for (let round = 0; round <= rounds.count; round += 1) {
    for (const measure of rounds.measures.filter((measure) => isTaken(measure, round))) {
      for (const contestant of rotated(rounds.contestants, round)) {
        if (failures.has(contestant) || !takesPart(contestant, measure)) {
          continue;
        }
        rounds.onStep({ round, measure, contestant });
        otherWork.push(await waitForQuiet(rounds.patienceMs, rounds.signal));
        try {
          const taken = await measureInOwnFolder(rounds, {
            contestant: contestant.name,
            measure: measure.name,
          });
          if (round > 0) {
            appendTo(readings.get(contestant), taken);
          }
        } catch (error) {
          rounds.signal.throwIfAborted();
          const reason = error instanceof Error ? error.message : String(error);
          failures.set(contestant, `${titleOf(measure)}: ${reason}`);
        }
      }
    }
  }

  const outcomes = rounds.contestants.map((contestant) => {
    const failure = failures.get(contestant);
    return failure === undefined
      ? { contestant, readings: readings.get(contestant) ?? new Map() }
      : { contestant, failure };
  });
  return { outcomes, otherWork };
}

function titleOf({ table, title }: Measure): string {
  return table === undefined ? title : `${table}, ${title}`;
}

// In a process of its own, in this round.
function isTaken({ takenWith, skipsWarmUp }: Measure, round: number): boolean {
  return takenWith === undefined && !(skipsWarmUp && round === 0);
}

function takesPart(contestant: Contestant, measure: Measure): boolean {
  return contestant.measures?.includes(measure.name) ?? true;
}

async function measureInOwnFolder(
  { subject, options, folder, prepared, signal }: Rounds,
  what: Pick<Job, 'contestant' | 'measure'>,
): Promise<Readings> {
  const own = path.join(folder, 'measurement');
  await mkdir(own);
  try {
    return await takeReadings({ subject, ...what, ...options, folder: own, prepared }, signal);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

function appendTo(byMeasure: Map<string, number[]> | undefined, taken: Readings): void {
  for (const [measure, reading] of Object.entries(taken)) {
    const list = byMeasure?.get(measure);
    if (list === undefined) {
      byMeasure?.set(measure, [reading]);
    } else {
      list.push(reading);
    }
  }
}
