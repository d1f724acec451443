import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { loadSubject } from './load-subjects.ts';
import { type Options, UsageError } from './options.ts';
import { describeOtherWork } from './other-work.ts';
import { progressLine } from './progress.ts';
import { type Report, type Row, rowsOf } from './report.ts';
import { runRounds } from './rounds.ts';
import type { Contestant, RunOptions } from './subject.ts';

/** Measures one subject as the options say. `folder` is an empty folder for whatever is written. */
export async function runSubject(
  name: string,
  { quick, build, files, only, rounds, patienceMs }: Options,
  folder: string,
  signal: AbortSignal,
): Promise<Report> {
  const options = { quick, build, files };
  const subject = await loadSubject(name, options);
  const contestants = chosen(subject.contestants, only);
  const { present, absent } = await findContestants(contestants, options);
  const prepared = path.join(folder, 'prepared');
  await mkdir(prepared);
  const notes = (await subject.prepare?.(prepared, { ...options, signal })) ?? [];

  const count = rounds ?? subject.rounds[quick ? 'quick' : 'full'];
  const progress = progressLine(name, count);
  try {
    const { outcomes, otherWork } = await runRounds({
      subject: name,
      measures: subject.measures,
      contestants: [...present.keys()],
      count,
      options,
      folder,
      prepared,
      patienceMs,
      signal,
      onStep: progress.show,
    });
    const rows = [...rowsOf(subject, outcomes, present), ...absent];
    return {
      subject: name,
      title: subject.title,
      rounds: count,
      measures: subject.measures,
      rows,
      notes: [
        ...notes,
        ...subject.notes,
        // Nobody was there to be measured.
        ...(otherWork.length === 0 ? [] : [describeOtherWork(otherWork)]),
        ...(quick ? ['A quick run: not figures to keep.'] : []),
      ],
    };
  } finally {
    progress.clear();
  }
}

function chosen(all: readonly Contestant[], only: readonly string[]): Contestant[] {
  const contestants = all.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
  if (contestants.length === 0) {
    const names = all.map(({ name }) => name).join(', ');
    throw new UsageError(`Nobody is left to measure. There are: ${names}; got \`--only ${only.join(',')}\``);
  }
  return contestants;
}

// Ours must be there: a table of peers alone is only made when it was asked for with --only.
async function findContestants(contestants: readonly Contestant[], options: RunOptions) {
  const present = new Map<Contestant, string>();
  const absent: Row[] = [];
  for (const contestant of contestants) {
    const presence = await contestant.find(options);
    if (presence.present) {
      present.set(contestant, presence.title);
    } else if (contestant.ours) {
      throw new UsageError(`${presence.title} can't be measured: ${presence.reason}`);
    } else {
      absent.push({ name: contestant.name, title: presence.title, state: 'absent', reason: presence.reason });
    }
  }
  return { present, absent };
}
