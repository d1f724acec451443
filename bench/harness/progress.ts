import type { Step } from './rounds.ts';

const eraseLine = '\r\u001b[K';

/** Says on stderr what is being measured: one line that changes on a terminal, else a line a round. */
export function progressLine(subject: string, rounds: number): { show(step: Step): void; clear(): void } {
  const { isTTY } = process.stderr;
  let shownRound = -1;
  return {
    show({ round, measure, contestant }) {
      const head = `${subject}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`;
      if (isTTY) {
        const what = [measure.table, measure.title].filter((part) => part !== undefined).join(', ');
        process.stderr.write(`${eraseLine}${head} · ${what} · ${contestant.name}`);
      } else if (round !== shownRound) {
        process.stderr.write(`${head}\n`);
      }
      shownRound = round;
    },
    clear() {
      if (isTTY) {
        process.stderr.write(eraseLine);
      }
    },
  };
}
