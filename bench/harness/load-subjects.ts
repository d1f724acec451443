import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bench, compiled } from './places.ts';
import type { RunOptions, Subject, SubjectExport } from './subject.ts';

/** The names of all subjects: each file in `subjects/` is one. */
export async function subjectNames(): Promise<string[]> {
  // The sources, because what was compiled from a subject that is gone may still be there.
  const files = await readdir(path.join(bench, 'subjects'));
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.basename(file, '.ts'))
    .sort();
}

/** Loads one subject by its name, as it is for these options. */
export async function loadSubject(name: string, options: RunOptions): Promise<Subject> {
  const file = path.join(compiled, 'subjects', `${name}.js`);
  const { default: subject }: { default: SubjectExport } = await import(pathToFileURL(file).href);
  return typeof subject === 'function' ? subject(options) : subject;
}
