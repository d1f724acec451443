import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { bench } from '../../harness/places.ts';
import type { Presence } from '../../harness/subject.ts';
import { boxes, type PhotoPool, type PhotoPoolOptions, quality } from './photo-pool.ts';
import { findPython } from './python.ts';

const title = 'reference program, ProcessPoolExecutor';

/** Whether there is a Python with Pillow to run it. */
export async function find(): Promise<Presence> {
  const python = await findPython();
  return python
    ? { present: true, title: `${title}, Pillow ${python.pillowVersion}` }
    : {
        present: false,
        title,
        reason: 'there is no Python with Pillow here; on Debian:  apt-get install python3-pil',
      };
}

/** Starts the reference program: one photo after another in each process of its executor. */
export async function open({ workers }: PhotoPoolOptions): Promise<PhotoPool> {
  const python = await findPython();
  if (python === undefined) {
    throw new Error('Expected a Python with Pillow');
  }
  const script = path.join(bench, 'peers/thumbnails/reference.py');
  const program = spawn(python.command, [script, ...[workers, quality, ...boxes].map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface(program.stdout)[Symbol.asyncIterator]();
  return {
    process: async (photos) => {
      program.stdin.write(`${JSON.stringify(photos)}\n`);
      const answer = await answers.next();
      if (answer.done) {
        throw new Error('the reference program ended before it was done');
      }
      return JSON.parse(answer.value);
    },
    close: async () => {
      program.stdin.end();
      await once(program, 'exit');
    },
  };
}
