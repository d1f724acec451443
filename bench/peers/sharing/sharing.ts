import type { RunOptions } from '../../harness/subject.ts';
import type { WorkerKind } from '../pools/pool.ts';
import type { Work } from './work.ts';

/** Workers that share something, ready for one kind of work. */
export interface Sharing {
  /**
   * Has them do it so often each, all at the same time. Resolves to the ms from when all were ready until all were
   * done. Rejects when what they tell isn't what it should be.
   */
  run(times: number): Promise<number>;
  /** Has each worker add one to the number in this file, so often and each time with the lock. */
  count(times: number, file: string): Promise<void>;
  close(): Promise<void>;
}

/** What is needed to get ready. */
export interface SharingOptions extends Pick<RunOptions, 'build'> {
  readonly work: Work;
  /** Where functions run; Python's are processes in any case. */
  readonly kind: WorkerKind;
  /** An empty folder to write to. */
  readonly folder: string;
}
