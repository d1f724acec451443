import type { SharedRequest } from '../requests.ts';
import type { Words } from '../shared-words.ts';
import type { Asker } from './asker.ts';
import { Deadlocks } from './deadlocks.ts';
import { Lock } from './lock.ts';
import { lockWords } from './lock-words.ts';
import { TurnLength } from './turn-length.ts';
import type { WordStore } from './word-store.ts';

type LockRequest = Extract<SharedRequest, { op: 'lock' | 'unlock' | 'keep' | 'slot' }>;

/** All locks, by their names. */
export class Locks {
  readonly #askers: ReadonlyMap<number, Asker>;
  readonly #locks = new Map<string, Lock>();
  /** Of those whose place others know, which stays theirs. */
  readonly #told = new Set<string>();
  readonly #freeIndexes: number[] = [];
  #nextIndex = 0;
  readonly #words: Words;
  readonly #turn = new TurnLength();
  readonly #deadlocks = new Deadlocks();
  /** Of the locks beyond those: nobody else sees them. */
  readonly #others: Words = { array: new Int32Array(0) };

  constructor(askers: ReadonlyMap<number, Asker>, { words }: WordStore) {
    this.#askers = askers;
    this.#words = words;
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
      const words = this.#wordsAt(index);
      lock = new Lock(name, index, {
        words,
        turn: this.#turn,
        deadlocks: this.#deadlocks,
        askerOf: (token) => this.#askers.get(token),
      });
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

  #wordsAt(index: number): Words {
    if (index < lockWords) return this.#words;
    const { array } = this.#others;
    if (index >= array.length) {
      this.#others.array = new Int32Array(2 * index);
      this.#others.array.set(array);
    }
    return this.#others;
  }
}
