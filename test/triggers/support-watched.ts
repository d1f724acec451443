import { readdirSync, readFileSync } from 'node:fs';

/** The inodes of the folders and files that this process watches, by the system's own account. On Linux alone. */
export function watchedInodes(): number[] {
  return readdirSync('/proc/self/fdinfo').flatMap((fd) =>
    [...infoOf(fd).matchAll(/^inotify wd:\S+ ino:([0-9a-f]+)/gm)].map(([, inode = '']) =>
      Number.parseInt(inode, 16),
    ),
  );
}

function infoOf(fd: string): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  } catch {
    return ''; // Closed since it was listed.
  }
}
