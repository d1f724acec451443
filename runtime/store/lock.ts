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
 *
 * No file can be removed on the condition that it is still the one that was looked at, so that of two processes which
 * find a dead owner the slower one could remove the faster one. Therefore each first puts down a claim under its own
 * name and only then looks around: who sees no other claim is alone in here, as a later one will see his. Of several
 * that see each other the one with the lowest pid stays.
 * @throws FolderInUseError
 */
export function takeFolder(folder: string): () => void {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'owner.json');
  const self: Owner = { pid: process.pid, startedAt: startTime(process.pid) };
  const claim = path.join(folder, `.owner-${self.pid}-${self.startedAt}.json`);
  try {
    for (;;) {
      fs.writeFileSync(claim, JSON.stringify(self));
      const others = otherClaims(folder, claim);
      // After the claims: an owner was a claim until it became the owner.
      const owner = readOwner(file);
      if (owner && isAlive(owner)) throw new FolderInUseError(folder, owner.pid);
      if (others.length === 0) break;
      if (others.some(({ pid }) => pid < process.pid)) fs.rmSync(claim);
      waitSync(othersTurnMs);
    }
    fs.renameSync(claim, file);
  } finally {
    fs.rmSync(claim, { force: true });
  }
  return () => {
    if (readOwner(file)?.pid === process.pid) fs.rmSync(file, { force: true });
  };
}

/** How long another process may need to read a folder and a file; it is waited for again and again. */
const othersTurnMs = 5;

function waitSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The claims of other processes that are alive. A dead one's is removed: nobody else has that name. */
function otherClaims(folder: string, own: string): Owner[] {
  return fs.readdirSync(folder).flatMap((name) => {
    const { pid, startedAt = '' } = /^\.owner-(?<pid>\d+)-(?<startedAt>\d*)\.json$/.exec(name)?.groups ?? {};
    const file = path.join(folder, name);
    if (pid === undefined || file === own) return [];
    const claimant = { pid: Number(pid), startedAt };
    if (isAlive(claimant)) return [claimant];
    fs.rmSync(file, { force: true });
    return [];
  });
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
