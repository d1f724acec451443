import type { Chunk } from '../invocation/chunk.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { Turn } from './turn.ts';

/** Whom a line of a log belongs to. */
export type Speaker = Pick<InvocationRecord, 'title' | 'invocationId'>;

/** What is in the hands of one worker, in the order it was handed over: the first runs, the others are queued still. */
export class Turns {
  readonly #turns: Turn[] = [];
  #runs = 0;
  /** How many of the turns stand for several. */
  #groups = 0;
  #doubtful = 0;
  /** Whose run ended last. Not the record itself, which would keep the result in memory. */
  readonly #last: { run: number } & { -readonly [Key in keyof Speaker]?: Speaker[Key] } = { run: 0 };

  /** The same of those that came together last. */
  #together: { readonly run: number; readonly count: number; readonly speaker: Speaker } | undefined;

  get all(): readonly Turn[] {
    return this.#turns;
  }

  get size(): number {
    return this.#turns.length;
  }

  /** The one that runs. */
  get current(): Turn | undefined {
    return this.#turns[0];
  }

  /** The number of the run that was handed over last. */
  get lastRun(): number {
    return this.#runs;
  }

  add(record: InvocationRecord, timeoutMs: number): Turn {
    const turn: Turn = {
      record,
      run: this.#runs + 1,
      timeoutMs,
      lease: undefined,
      stream: undefined,
      since: 0,
    };
    this.#runs += record.chunk?.count ?? 1;
    if (record.chunk) this.#groups++;
    this.#turns.push(turn);
    return turn;
  }

  /** The one that stands for several, of which this run is one. */
  togetherWith(run: number): Turn | undefined {
    // Asked of each result, with up to hundreds of turns of one run each in hand.
    if (this.#groups === 0) return undefined;
    return this.#turns.find(
      ({ record: { chunk }, run: first }) => chunk && run >= first && run < first + chunk.count,
    );
  }

  /** Puts one turn for each of those that have not ended in the place of the one that stood for all. */
  split(together: Turn, records: readonly InvocationRecord[]): void {
    const { record, run, timeoutMs, since } = together;
    if (record.chunk) this.#noteTogether(together, record.chunk);
    const first = run + (record.chunk?.count ?? 1) - records.length;
    const turns = records.map(
      (each, index): Turn => ({
        record: each,
        run: first + index,
        timeoutMs,
        lease: undefined,
        stream: undefined,
        since,
      }),
    );
    this.#turns.splice(this.#turns.indexOf(together), 1, ...turns);
    this.#groups--;
  }

  #noteTogether({ run, record: { title, invocationId } }: Turn, { count }: Chunk): void {
    this.#together = { run, count, speaker: { title, invocationId } };
  }

  of(record: InvocationRecord): Turn | undefined {
    return this.#turns.find((each) => each.record === record);
  }

  ofRun(run: number): Turn | undefined {
    return this.#turns.find((each) => each.run === run);
  }

  /** The current one has ended. */
  endCurrent(): void {
    const turn = this.#turns.shift();
    if (!turn) return;
    this.#removed(turn);
    if (turn.record.chunk) this.#noteTogether(turn, turn.record.chunk);
    this.#last.run = turn.run;
    this.#last.title = turn.record.title;
    this.#last.invocationId = turn.record.invocationId;
  }

  /** Takes out the one of this run, which ends without a result. */
  remove(run: number): Turn | undefined {
    const index = this.#turns.findIndex((turn) => turn.run === run);
    if (index === -1) return undefined;
    const [turn] = this.#turns.splice(index, 1);
    if (turn) this.#removed(turn);
    return turn;
  }

  /**
   * Whether the worker is yet to say what became of one that it had marked as begun when those behind it were taken back:
   * that it runs, or that it was left out as well and comes back.
   */
  get areInDoubt(): boolean {
    return this.#doubtful !== 0 && this.ofRun(this.#doubtful) !== undefined;
  }

  /** Takes out those behind the current one that come after this run, which was begun last. */
  removeHeldAfter(run: number): InvocationRecord[] {
    this.#doubtful = this.#turns.findIndex((turn) => turn.run === run) > 0 ? run : 0;
    const first = this.#turns.findIndex((turn, index) => index > 0 && turn.run > run);
    if (first === -1) return [];
    return this.#turns.splice(first).map((turn) => {
      // The worker may have read them, but it will not begin.
      this.#removed(turn);
      return turn.record;
    });
  }

  #removed({ record, lease }: Turn): void {
    if (record.chunk) this.#groups--;
    lease?.release();
  }

  /** The worker is gone, and reads nothing any more. */
  releaseAll(): void {
    for (const { lease } of this.#turns) lease?.release();
  }

  /** Whose run this is, or was the last time: a function may go on after its end. */
  speakerOf(run: number): Speaker | undefined {
    const turn = this.ofRun(run);
    if (turn) return turn.record;
    const together = this.#together;
    if (together && run >= together.run && run < together.run + together.count) {
      const { title, invocationId: first } = together.speaker;
      return { title, invocationId: first.plus(run - together.run) };
    }
    const { title, invocationId } = this.#last;
    return this.#last.run === run && title && invocationId ? { title, invocationId } : undefined;
  }
}
