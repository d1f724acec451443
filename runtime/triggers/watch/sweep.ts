import type { DirectoryTree } from './directory-tree.ts';
import type { Intake } from './intake.ts';
import type { Receipts } from './receipts.ts';
import type { RootFolder } from './root-folder.ts';
import type { Timings } from './timings.ts';

export interface SweepContext {
  readonly root: RootFolder;
  readonly tree: DirectoryTree;
  readonly intake: Intake;
  readonly receipts: Receipts;
  readonly timings: Timings;
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
    this.#timer = setTimeout(() => {
      void this.#sweep().then(() => this.start());
    }, this.#context.timings.sweep);
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
    let index = 0;
    for (const path of receipts.paths()) {
      index += 1;
      if (index % ROUNDS !== this.#round % ROUNDS) continue;
      // A slice of the loop's time, then the looks; between them everything else has its turn.
      if (intake.pending >= LOOKS_IN_A_SLICE) await intake.idle();
      if (this.#closed) return;
      intake.hint(path, 'ordinary');
    }
  }
}

const ROUNDS = 10;
const LOOKS_IN_A_SLICE = 256;
