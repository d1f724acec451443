import { setImmediate as turn } from 'node:timers/promises';
import type { DirectoryTree } from './directory-tree.ts';
import { type FileStates, keyOf } from './file-state.ts';
import type { Look } from './file-version.ts';
import type { Intake } from './intake.ts';
import type { Journal } from './journal.ts';
import type { Receipts } from './receipts.ts';
import type { RootFolder } from './root-folder.ts';
import { folderOf } from './selection.ts';
import type { Timings } from './timings.ts';

export interface PollingContext {
  readonly root: RootFolder;
  readonly tree: DirectoryTree;
  readonly intake: Intake;
  readonly files: FileStates;
  readonly receipts: Receipts;
  readonly timings: Timings;
  readonly journal: Journal;
  readonly look: Look;
  /** Between two rounds, in ms; more when a round takes long. */
  readonly interval: number;
}

/**
 * Finds what happens in folders that nobody reports from: each round reads their names again and looks at every known
 * file in them. What it finds it hints at, as an event would.
 *
 * Not chokidar's polling, which has a `fs.watchFile` for each file. Measured with 20,000 files: chokidar takes 0.11 s of
 * processor time in each second and 117 MB, both growing with the files, and keeps a second account of what is known. A
 * round here takes 0.6 s and 25 MB, and comes again after 6 s: with so many files later than chokidar, and never for more
 * than its share.
 */
export class Polling {
  readonly #context: PollingContext;
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;
  #lastTook = 0;
  #closed = false;

  constructor(context: PollingContext) {
    this.#context = context;
  }

  /** There is a folder to be polled. It ends by itself when there is none any more. */
  begin(): void {
    if (this.#isOn || this.#closed) return;
    this.#isOn = true;
    this.#plan(this.#context.interval);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #plan(pause: number): void {
    this.#timer = setTimeout(() => void this.#poll(), pause);
  }

  async #poll(): Promise<void> {
    const { tree, interval, timings, journal } = this.#context;
    const began = performance.now();
    await this.#round().catch((error: unknown) => journal.broken('its polling', error));
    if (this.#closed) return;
    this.#isOn = tree.hasPolled;
    if (!this.#isOn) return;
    const took = performance.now() - began;
    // A round that took long once had to wait for something else.
    const usual = Math.min(took, this.#lastTook);
    this.#lastTook = took;
    const pause = Math.max(interval, Math.min(usual * pauseShare, timings.longestPoll));
    if (pause > 2 * interval) journal.pollsSlowly(usual, pause);
    this.#plan(pause);
  }

  async #round(): Promise<void> {
    const { root, tree } = this.#context;
    tree.poll();
    await tree.settled();
    // Of a folder that is away no file is gone.
    if (await root.isThere()) await this.#compareKnown();
  }

  async #compareKnown(): Promise<void> {
    const { receipts, tree } = this.#context;
    if (this.#closed) return;
    const batch: string[] = [];
    let count = 0;
    for (const path of receipts.paths()) {
      if (tree.isPolled(folderOf(path))) batch.push(path);
      count += 1;
      if (batch.length >= looksAtOnce) await this.#compareAll(batch.splice(0));
      else if (count % pathsATurn === 0) await turn();
      if (this.#closed) return;
    }
    await this.#compareAll(batch);
  }

  async #compareAll(paths: readonly string[]): Promise<void> {
    await Promise.all(paths.map((path) => this.#compare(path)));
  }

  // Not through the intake's line: what is looked at here is nearly always as it was, and the time that it takes, which
  // the pause goes by, is not to depend on how much else is in that line.
  async #compare(path: string): Promise<void> {
    const { files, look, intake } = this.#context;
    const state = files.get(path);
    // What is gone comes back among the names; what is arriving is looked at anyway.
    if (!state || state.name === 'gone' || state.name === 'arriving') return;
    const sight = await look(path);
    if (sight.kind === 'file' && sight.version.key === keyOf(state)) return;
    if (!this.#closed) intake.hint(path, 'ordinary');
  }
}

// At most a tenth of the time is spent on rounds, however many files there are.
const pauseShare = 9;

// As many as the intake has.
const looksAtOnce = 16;

const pathsATurn = 256;
