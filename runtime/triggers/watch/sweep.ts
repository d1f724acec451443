import type { DirectoryTree } from './directory-tree.ts';
import type { Intake } from './intake.ts';
import type { Journal } from './journal.ts';
import type { Receipts } from './receipts.ts';
import type { RootFolder } from './root-folder.ts';
import type { Timings } from './timings.ts';

export interface SweepContext {
  readonly root: RootFolder;
  readonly tree: DirectoryTree;
  readonly intake: Intake;
  readonly receipts: Receipts;
  readonly timings: Timings;
  readonly journal: Journal;
}

/**
 * Finds what no event told of, slowly and in passing: each round compares the names in all folders with what is known
 * and looks at a tenth of the known files, the next tenth in the next round.
 */
export class Sweep {
  readonly #context: SweepContext;
  #timer: NodeJS.Timeout | undefined;
  #round = 0;
  #closed = false;

  constructor(context: SweepContext) {
    this.#context = context;
  }

  start(): void {
    if (this.#closed) return;
    const { timings, journal } = this.#context;
    this.#timer = setTimeout(() => {
      // As when the database can't be read.
      const broken = (error: unknown) => journal.broken('its sweep', error);
      void this.#sweep()
        .catch(broken)
        .then(() => this.start());
    }, timings.sweep);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #sweep(): Promise<void> {
    const { root, tree, intake, receipts } = this.#context;
    this.#round += 1;
    root.check('sweep');
    tree.sweep();
    this.#prune();
    for (const path of receipts.paths()) {
      if (roundOf(path) !== this.#round % rounds) continue;
      // A slice of the loop's time, then the looks; between them everything else has its turn.
      if (intake.pending >= looksInASlice) await intake.idle();
      if (this.#closed) return;
      intake.hint(path, 'ordinary');
    }
  }

  /** Forgets what has been gone for long. */
  #prune(): void {
    const { receipts, timings } = this.#context;
    for (let pruned = 0; pruned < prunedAtOnce; pruned++) {
      const path = receipts.firstGone();
      const receipt = path === undefined ? undefined : receipts.get(path);
      if (path === undefined || receipt?.name !== 'gone') return;
      if (Date.now() - receipt.since < timings.forgetGone) return;
      receipts.delete(path);
    }
  }
}

/** The round that a file is looked at in: by its path, as its position changes with every file that lands before it. */
function roundOf(path: string): number {
  let hash = 0;
  for (let index = 0; index < path.length; index += 1) hash = (hash * 31 + path.charCodeAt(index)) | 0;
  // The high bits as well: the low ones are mostly of the last characters, which many names share.
  return ((hash ^ (hash >>> 15)) >>> 0) % rounds;
}

const rounds = 10;

// 50 ms of the loop's time; what remains has its turn in the next round.
const prunedAtOnce = 1_000;

const looksInASlice = 256;
