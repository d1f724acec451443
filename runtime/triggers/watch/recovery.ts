import { setImmediate as turn } from 'node:timers/promises';
import type { FileStates } from './file-state.ts';
import type { Journal } from './journal.ts';
import type { Receipts } from './receipts.ts';

/**
 * Puts what the last runtime had in hand back in line: what it was killed in, first. That is no failure of the file, as
 * functions run in processes of their own; but a file whose function takes the whole machine down every time would hold
 * up all others, so after some times it goes to the end of the line.
 *
 * All that was waiting may be much: it is put back in slices, a turn for each.
 *
 * @returns the files whose function was running: they may have outputs that nobody has listed
 */
export async function recover(files: FileStates, receipts: Receipts, journal: Journal): Promise<string[]> {
  const interrupted: string[] = [];
  for (const path of [...receipts.paths('running')]) {
    const state = files.get(path);
    if (state?.name !== 'running') continue;
    interrupted.push(path);
    const interruptions = (state.candidate.interruptions ?? 0) + 1;
    const returned = interruptions <= timesInFront;
    if (!returned) journal.interruptedAgain(path, interruptions);
    files.move(path, { name: 'queued', candidate: { ...state.candidate, interruptions }, returned });
  }
  for (const name of ['held', 'waiting'] as const) {
    let count = 0;
    for (const path of receipts.paths(name)) {
      count += 1;
      if (count % pathsATurn === 0) await turn();
      const state = files.get(path);
      if (state?.name !== name) continue;
      files.move(path, { name: 'queued', candidate: state.candidate, returned: name === 'held' });
    }
  }
  return interrupted;
}

const timesInFront = 3;

// Up to 100 µs for each.
const pathsATurn = 64;
