import { headWord, sharedWords, type Words, wordsIn } from '../shared-words.ts';
import { lockWords } from './lock-words.ts';
import { SharedFile, type SharedPlace } from './shared-file.ts';

/** The words that those who share have mapped, once somebody asks for that. */
export class WordStore {
  readonly words: Words = { array: new Int32Array(sharedWords) };
  readonly #free: number[] = [];
  readonly #freeHeads: number[] = [];
  #next = lockWords;
  #file: SharedFile | undefined;
  #isTried = false;

  /** Where others find the words; undefined where memory can't be shared so. */
  share(): SharedPlace | undefined {
    if (!this.#isTried) {
      this.#isTried = true;
      const { buffer, byteOffset, byteLength } = this.words.array;
      this.#file = SharedFile.create(new Uint8Array(buffer, byteOffset, byteLength));
      if (this.#file) this.words.array = wordsIn(this.#file.bytes);
    }
    return this.#file?.place;
  }

  /** The place of a word that is not a lock's, 0 at first; undefined when all are in use. */
  take(): number | undefined {
    const place = this.#free.pop() ?? (this.#next < sharedWords ? this.#next++ : undefined);
    if (place !== undefined) Atomics.store(this.words.array, place, 0);
    return place;
  }

  giveBack(place: number): void {
    this.#free.push(place);
  }

  /** The place of a `headWord`, which is as it was left. */
  takeHead(): number | undefined {
    return this.#freeHeads.pop() ?? this.take();
  }

  giveBackHead(place: number): void {
    if (Atomics.load(this.words.array, place) < headWord.last) this.#freeHeads.push(place);
  }

  close(): void {
    // What looks at a word from now on must not look at memory that is not there any more.
    this.words.array = new Int32Array(sharedWords);
    this.#isTried = true;
    this.#file?.close();
    this.#file = undefined;
  }
}
