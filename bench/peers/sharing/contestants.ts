import type { Contestant } from '../../harness/subject.ts';
import { poolContestants } from '../pools/contestants.ts';
import type { WorkerKind } from '../pools/pool.ts';
import { findLibrary, open as openPython, type PythonLibrary } from './python.ts';
import type { Sharing, SharingOptions } from './sharing.ts';
import type { Work } from './work.ts';

/** Something that workers share locks, queues and the like with. */
export interface SharingContestant extends Contestant {
  readonly kind: WorkerKind;
  /** The work that it has something for. */
  readonly works: readonly Work['kind'][];
  open(options: SharingOptions): Promise<Sharing>;
}

const own = poolContestants.filter(({ name }) => name.startsWith('warm-pool'));

/** All that are compared, ours first. */
export const sharingContestants: readonly SharingContestant[] = [
  ...own.map(
    (contestant): SharingContestant => ({
      ...contestant,
      works: ['lock', 'queue', 'map'],
      open: async (options) => (await import('./warm-pool.ts')).open(options),
    }),
  ),
  python('multiprocessing', ['lock', 'queue', 'map']),
  // Its manager's dict is that of multiprocessing, which is called without an event loop.
  python('aioprocessing', ['lock', 'queue']),
];

function python(library: PythonLibrary, works: readonly Work['kind'][]): SharingContestant {
  return {
    name: library,
    kind: 'process',
    works,
    find: () => findLibrary(library),
    open: (options) => openPython(library, options),
  };
}
