import path from 'node:path';
import { bench } from '../../harness/places.ts';
import type { Presence } from '../../harness/subject.ts';
import { findPython } from '../python/find.ts';
import { startPython } from '../python/program.ts';
import { boxes, type PhotoPool, type PhotoPoolOptions, quality } from './photo-pool.ts';

const title = 'reference program, ProcessPoolExecutor';
const printPillowVersion = 'import PIL; print(PIL.__version__)';

/** Whether there is a Python with Pillow to run it. */
export async function find(): Promise<Presence> {
  const python = await findPython(printPillowVersion);
  return python
    ? { present: true, title: `${title}, Pillow ${python.said}` }
    : {
        present: false,
        title,
        reason: 'there is no Python with Pillow here; on Debian:  apt-get install python3-pil',
      };
}

/** Starts the reference program: one photo after another in each process of its executor. */
export async function open({ workers }: PhotoPoolOptions): Promise<PhotoPool> {
  const python = await findPython(printPillowVersion);
  if (python === undefined) {
    throw new Error('Expected a Python with Pillow');
  }
  const script = path.join(bench, 'peers/thumbnails/reference.py');
  const program = startPython(python.command, script, [workers, quality, ...boxes].map(String));
  return {
    process: async (photos) => (await program.ask(photos)) as number[],
    close: () => program.close(),
  };
}
