import type { Whereabouts } from '../../functions/whereabouts.ts';

/** The arguments of `echo`: small, and JSON carries them. */
export interface EchoArgs {
  readonly id: number;
  readonly name: string;
  readonly sizes: readonly number[];
}

/** A pool as the subjects see it: two functions that run in its workers. */
export interface Pool {
  echo(args: unknown): PromiseLike<unknown>;
  whereabouts(): PromiseLike<Whereabouts>;
  close(): Promise<void>;
}

/** Where a pool runs its functions. */
export type WorkerKind = 'process' | 'thread';

/** What a pool needs to know to open; none of them is told more than its documentation shows. */
export interface PoolOptions {
  readonly kind: WorkerKind;
  readonly workers: number;
  /** The compiled warm-pool that is measured. */
  readonly build: string;
  /** An empty folder to write to. */
  readonly folder: string;
}
