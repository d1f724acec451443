import path from 'node:path';
import type { Inbox } from './watcher.ts';

/** What is made once for a run, in the folder `prepared`. */
export interface Prepared {
  /** A photo of some hundred bytes: whole, and nothing to read. */
  readonly smallPhoto: string;
  /** A photo by a camera, or one that is as large. */
  readonly photo: string;
}

/** Where it is. */
export function preparedIn(prepared: string): Prepared {
  return { smallPhoto: path.join(prepared, 'small.jpg'), photo: path.join(prepared, 'photo.jpg') };
}

/** The inbox with so many files. */
export function inboxIn(prepared: string, files: number): Inbox {
  const folder = path.join(prepared, String(files));
  return { inbox: path.join(folder, 'inbox'), files, receipts: path.join(folder, 'receipts') };
}
