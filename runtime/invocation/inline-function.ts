import type { EncodedValue } from '../channel/codec.ts';

/** A function that was given to `runtime.run`. Functions of the same source, name and folder are one. */
export interface InlineFunction {
  /** What errors, logs and events call it. */
  readonly name: string;
  /** What a worker compiles it from: an InlineSource. */
  readonly definition: EncodedValue;
}

/**
 * As what all of them are queued and counted, where functions of the folder have their names: what is kept by name stays
 * bounded, however many different ones a program sends. No file gives such a name.
 */
export const inlineKey = '/run';
