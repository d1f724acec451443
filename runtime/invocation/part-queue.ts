import { FrameError } from '../channel/frame-format.ts';
import { firstWindow, mostAheadBytes, mostWindow } from '../channel/part-limits.ts';

/** The function that gives the parts, wherever it runs. */
export interface PartSource {
  /** So many parts have been taken, all in all; the function may be `window` parts ahead of that. */
  taken(taken: number, window: number): void;
  /** The function waits for the reader, until `taken` is called or `ended`. */
  heldBack(): void;
  /** Nobody wants to know any more. */
  ended(): void;
}

/** How the parts end: with what the function returned, or an error. */
type End = { readonly value: unknown } | { readonly error: unknown };

const over: End = { value: undefined };

interface Part {
  readonly value: unknown;
  readonly size: number;
}

interface Reader {
  readonly resolve: (step: IteratorResult<unknown, unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** A reader who keeps the function waiting for longer doesn't keep up: it need not be far ahead of him. */
const slowMs = 5;

/** What was taken is told when it is such a share of what the function may be ahead by: before it has to wait. */
const toldShare = { parts: 1 / 2, bytes: 1 / 4 } as const;

/** The parts of one invocation, between the function that gives them and whoever reads them. */
export class PartQueue {
  #source: PartSource | undefined;
  /** What has come and has not been taken. */
  readonly #parts: Part[] = [];
  /** Those who have asked for a part that has not come. */
  readonly #readers: Reader[] = [];
  #end: End | undefined;
  #given = 0;
  #taken = 0;
  /** How many the function knows to be taken. */
  #told = 0;
  /** How far the function may be ahead, as far as it knows; and how far it should be when it is told the next time. */
  #window = firstWindow;
  #nextWindow = firstWindow;
  /** The sizes of what was given, and of what was taken, since then. */
  #givenSize = 0;
  #takenSize = 0;
  /** Since when the function waits, by performance.now(). */
  #heldBackAt: number | undefined;

  /** A worker is given the invocation. */
  connect(source: PartSource): void {
    this.#source = source;
  }

  /** Whether a part has come: it would come twice if the function were run again. */
  get hasGiven(): boolean {
    return this.#given > 0;
  }

  /** Whether somebody has ever asked for one. */
  get hasReader(): boolean {
    return this.#taken > 0 || this.#readers.length > 0;
  }

  /**
   * A part has come. `hasWaited`: the function had to wait before it gave this one.
   * @throws FrameError when it should have waited
   */
  receive(part: Part, hasWaited: boolean): void {
    if (this.#end) return;
    if (this.#given - this.#taken >= mostWindow)
      throw new FrameError('expected parts to wait for their reader');
    const reader = this.#readers.shift();
    // Each has waited for the other.
    if (hasWaited && reader) this.#nextWindow = Math.min(mostWindow, 2 * this.#window);
    this.#given++;
    this.#givenSize += part.size;
    if (reader) this.#hand(part, reader);
    else this.#parts.push(part);
    if (this.#heldBackAt === undefined && this.#isUsedUp) {
      this.#heldBackAt = performance.now();
      this.#source?.heldBack();
    }
  }

  /** The next part, or the end, which is told once. */
  take(): Promise<IteratorResult<unknown, unknown>> {
    return new Promise((resolve, reject) => {
      const part = this.#parts.shift();
      if (part) this.#hand(part, { resolve, reject });
      else if (this.#end) this.#tellEnd({ resolve, reject });
      else this.#readers.push({ resolve, reject });
    });
  }

  /** The function has ended: what it returned, or why it failed, comes after its parts. */
  end(end: End): void {
    if (this.#end) return;
    this.#end = end;
    this.#source?.ended();
    this.#source = undefined;
    for (const reader of this.#readers.splice(0)) this.#tellEnd(reader);
  }

  /** Drops what has not been taken. */
  clear(): void {
    this.#parts.length = 0;
  }

  /** Nobody reads on: there is nothing any more, and no error either. */
  stop(): void {
    this.clear();
    this.end(over);
    this.#end = over;
  }

  /** Whether the function waits for the reader, or is about to. */
  get #isUsedUp(): boolean {
    return this.#given - this.#told >= this.#window || this.#givenSize >= mostAheadBytes;
  }

  #hand({ value, size }: Part, { resolve }: Reader): void {
    resolve({ value, done: false });
    this.#taken++;
    this.#takenSize += size;
    const isWorthTelling =
      this.#taken - this.#told >= this.#window * toldShare.parts ||
      this.#takenSize >= mostAheadBytes * toldShare.bytes;
    if (isWorthTelling) this.#tell();
  }

  #tell(): void {
    if (this.#heldBackAt !== undefined && performance.now() - this.#heldBackAt > slowMs)
      this.#nextWindow = firstWindow;
    this.#heldBackAt = undefined;
    this.#told = this.#taken;
    this.#givenSize -= this.#takenSize;
    this.#takenSize = 0;
    this.#window = this.#nextWindow;
    this.#source?.taken(this.#taken, this.#window);
  }

  #tellEnd({ resolve, reject }: Reader): void {
    const end = this.#end as End;
    this.#end = over;
    if ('error' in end) reject(end.error);
    else resolve({ value: end.value, done: true });
  }
}
