/**
 * Who owns a data folder. The owner's pid stands in `owner.json` there; a pid alone could have been given to another
 * process since, so it comes with the time at which that process started.
 */
import fs from 'node:fs';
import path from 'node:path';

interface Owner {
  readonly pid: number;
  readonly startedAt: string;
}

/** The folder belongs to a runtime that is alive. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
  readonly pid: number;
  constructor(folder: string, pid: number) {
    super(`${folder} is in use by another runtime (pid ${pid})`);
    this.pid = pid;
  }
}

/**
 * Takes a data folder for this process, from an owner that is dead if need be; returns what gives it back.
 * @throws FolderInUseError
 */
export function takeFolder(folder: string): () => void {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'owner.json');
  const claim = path.join(folder, `.owner-${process.pid}.json`);
  fs.writeFileSync(
    claim,
    JSON.stringify({ pid: process.pid, startedAt: startTime(process.pid) } satisfies Owner),
  );
  try {
    // A hard link is made whole or not at all, and by one process only.
    while (!tryLink(claim, file)) {
      const owner = readOwner(file);
      if (owner && isAlive(owner)) throw new FolderInUseError(folder, owner.pid);
      fs.rmSync(file, { force: true });
    }
  } finally {
    fs.rmSync(claim, { force: true });
  }
  return () => {
    if (readOwner(file)?.pid === process.pid) fs.rmSync(file, { force: true });
  };
}

function tryLink(claim: string, file: string): boolean {
  try {
    fs.linkSync(claim, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined; // gone, or cut off by a full disk: nobody's
  }
}

function isAlive({ pid, startedAt }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const now = startTime(pid);
  return now === '' || startedAt === '' || now === startedAt;
}

/** When a process started, in clock ticks since boot; '' where there is no /proc. */
function startTime(pid: number): string {
  try {
    // Field 22 of proc(5) stat; the name in field 2 may hold spaces and brackets, so count from its end.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
