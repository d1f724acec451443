import { lstat, stat } from 'node:fs/promises';

/** One content of one file, as far as its metadata tells contents apart. */
export interface FileVersion {
  /** Device, inode, size and time of the last change in ns: equal for the same version. */
  readonly key: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** When this version was first seen at the latest, on the clock of `performance.now()`: the end of that look. */
  readonly seenAt: number;
}

/** The key that no version has. */
export const noVersion = '';

/** The size that a version had, by its key; in bytes. */
export function sizeOf(key: string): number | undefined {
  const size = key.split(':')[2];
  return size === undefined ? undefined : Number(size);
}

/** What is at a path. A link that isn't followed is `other`. */
export type Sight =
  | { readonly kind: 'file'; readonly version: FileVersion }
  | { readonly kind: 'folder' | 'other' | 'gone' }
  | { readonly kind: 'unreadable'; readonly error: Error };

/** Looks at what is at a path below the watched folder. */
export type Look = (path: string) => Promise<Sight>;

/** Looks at what is at a path now, or at what a link there leads to. Never rejects. */
export async function look(path: string, { followSymlinks }: LookOptions): Promise<Sight> {
  try {
    // As bigint: the nanoseconds of a modification time don't fit a number.
    const stats = await (followSymlinks ? stat : lstat)(path, { bigint: true });
    if (stats.isDirectory()) return { kind: 'folder' };
    if (!stats.isFile()) return { kind: 'other' };
    const key = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
    return {
      kind: 'file',
      version: {
        key,
        size: Number(stats.size),
        mtimeMs: Number(stats.mtimeNs) / nsPerMs,
        seenAt: performance.now(),
      },
    };
  } catch (error) {
    if (isAbsence(error)) return { kind: 'gone' };
    // A link to itself, or round in a circle.
    if (codeOf(error) === 'ELOOP') return { kind: 'other' };
    return { kind: 'unreadable', error: error as Error };
  }
}

export interface LookOptions {
  readonly followSymlinks: boolean;
}

const nsPerMs = 1e6;

/** Whether an error of the file system says that nothing is at the path (any more). */
export function isAbsence(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The system's code of an error, as in `EACCES`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
