import type { SharedRequest } from '../requests.ts';
import type { Asker } from './asker.ts';
import { Deadlocks } from './deadlocks.ts';
import { Lock, type LockContext } from './lock.ts';
import { lockWords } from './lock-words.ts';
import { TurnLength } from './turn-length.ts';
import type { WordStore } from './word-store.ts';

type LockRequest = Extract<SharedRequest, { op: 'lock' | 'unlock' | 'keep' | 'slot' }>;

/** All locks, by their names. */
export class Locks {
  readonly #locks = new Map<string, Lock>();
  /** Of those whose place others know, which stays theirs. */
  readonly #told = new Set<string>();
  readonly #freeIndexes: number[] = [];
  #nextIndex = 0;
  readonly #deadlocks = new Deadlocks();
  readonly #context: LockContext;
  /** Of the locks beyond those that have a word: nobody else sees theirs. */
  readonly #contextOfOthers: LockContext;

  constructor(askers: ReadonlyMap<number, Asker>, { words }: WordStore) {
    const turn = new TurnLength();
    this.#context = { words, turn, deadlocks: this.#deadlocks, askerOf: (token) => askers.get(token) };
    this.#contextOfOthers = { ...this.#context, words: { array: new Int32Array(0) } };
  }

  /** The place of its word; undefined when there is none left that others can be told. */
  placeOf(name: string): number | undefined {
    const { index } = this.get(name);
    if (index >= lockWords) return undefined;
    this.#told.add(name);
    return index;
  }

  get(name: string): Lock {
    let lock = this.#locks.get(name);
    if (!lock) {
      const index = this.#freeIndexes.pop() ?? this.#nextIndex++;
      lock = new Lock(name, index, this.#contextAt(index));
      this.#locks.set(name, lock);
    }
    return lock;
  }

  receive(asker: Asker, id: number, request: LockRequest): void {
    switch (request.op) {
      case 'lock':
        this.get(request.name).acquire(asker, id, request);
        return;
      case 'unlock':
        this.#locks.get(request.name)?.release(asker, request.abandoned, request.after);
        this.#forget(request.name);
        return;
      case 'keep':
        this.#locks.get(request.name)?.keep(asker, request.after);
        return;
      case 'slot':
        asker.succeeded(id, { place: this.placeOf(request.name), token: asker.token });
    }
  }

  /** Whether this asker does nothing but wait: the answer to a question of its Stillness. */
  toldStill({ stillness }: Asker, question: number, isStill: boolean): void {
    stillness.told(question, isStill);
    if (isStill) this.#deadlocks.look();
  }

  close(): void {
    this.#deadlocks.close();
  }

  leftBy(asker: Asker): void {
    for (const [name, lock] of this.#locks) {
      lock.leftBy(asker);
      this.#forget(name);
    }
  }

  #forget(name: string): void {
    const lock = this.#locks.get(name);
    if (!lock?.isIdle || this.#told.has(name)) return;
    this.#locks.delete(name);
    this.#freeIndexes.push(lock.index);
  }

  #contextAt(index: number): LockContext {
    if (index < lockWords) return this.#context;
    const { words } = this.#contextOfOthers;
    const { array } = words;
    if (index >= array.length) {
      words.array = new Int32Array(2 * index);
      words.array.set(array);
    }
    return this.#contextOfOthers;
  }
}
