import type { InlineFunction } from '../invocation/inline-function.ts';
import type { WorkerHost } from './worker-host.ts';

/** So many functions of `runtime.run` a worker keeps compiled: a compiled one takes some KB. */
const most = 500;

/** Which functions of `runtime.run` one worker has, beside those of the folder. */
export class InlineSlots {
  readonly #first: number;
  readonly #host: WorkerHost;
  /** The index of each; the one that was used last is the last. */
  readonly #indexes = new Map<InlineFunction, number>();
  /** Most runs are of the same function as the one before. */
  #latest: { readonly inline: InlineFunction; readonly index: number } | undefined;

  /** `first` is the first index that no function of the folder has. */
  constructor(first: number, host: WorkerHost) {
    this.#first = first;
    this.#host = host;
  }

  /** The index of this one in the worker, which is told of it if it doesn't have it. To be followed by its run at once. */
  indexOf(inline: InlineFunction): number {
    if (this.#latest?.inline === inline) return this.#latest.index;
    const known = this.#indexes.get(inline);
    const index = known ?? this.#free();
    this.#indexes.delete(inline);
    this.#indexes.set(inline, index);
    if (known === undefined) this.#host.send({ type: 'define', functionIndex: index }, inline.definition);
    this.#latest = { inline, index };
    return index;
  }

  /** Of the one that has not been used for longest, when there are enough. */
  #free(): number {
    if (this.#indexes.size < most) return this.#first + this.#indexes.size;
    const [oldest, index] = this.#indexes.entries().next().value as [InlineFunction, number];
    this.#indexes.delete(oldest);
    return index;
  }
}
