import assert from 'node:assert/strict';
import path from 'node:path';
import { bench } from '../../harness/places.ts';
import type { Presence } from '../../harness/subject.ts';
import { findPlainPython, findPython, type Python, printVersion } from '../python/find.ts';
import { startPython } from '../python/program.ts';
import type { Sharing, SharingOptions } from './sharing.ts';

/** What Python processes share something with. */
export type PythonLibrary = 'multiprocessing' | 'aioprocessing';

interface Found {
  find(): Promise<Python | undefined>;
  readonly what: string;
  readonly missing: string;
}

const libraries: Readonly<Record<PythonLibrary, Found>> = {
  multiprocessing: {
    find: findPlainPython,
    what: 'multiprocessing: Lock, Queue, Manager().dict',
    missing: 'there is no Python here that can `fork`',
  },
  aioprocessing: {
    find: () => findPython(`import aioprocessing\n${printVersion}`),
    what: 'aioprocessing: AioLock, AioQueue',
    missing: 'there is no Python with aioprocessing here; on Debian:  apt-get install python3-aioprocessing',
  },
};

/** Whether there is a Python with this library. */
export async function findLibrary(library: PythonLibrary): Promise<Presence> {
  const { find, what, missing } = libraries[library];
  const python = await find();
  return python
    ? { present: true, title: `Python ${python.said}, ${what}` }
    : { present: false, title: `Python, ${what}`, reason: missing };
}

/** Starts a Python program whose processes do this work with the library. */
export async function open(library: PythonLibrary, { work }: SharingOptions): Promise<Sharing> {
  const python = await libraries[library].find();
  assert.ok(python, `Expected a Python with ${library}`);
  const script = path.join(bench, 'peers/sharing/sharing.py');
  const program = startPython(python.command, script, [library, JSON.stringify(work)]);
  return {
    run: async (times) => ((await program.ask({ do: 'run', times })) as number) * 1000,
    count: async (times, file) => {
      await program.ask({ do: 'count', times, file });
    },
    close: () => program.close(),
  };
}
