import fs from 'node:fs';

/** Names a process for good: its pid alone could be given to another one when it has ended. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since boot; '' where there is no /proc to tell. */
  readonly startedAt: string;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startedAt: readStat(pid)?.startedAt ?? '' };
}

/** `unknown`: a process has this pid, and nothing tells whether it is still the same one. */
export function fateOf({ pid, startedAt }: ProcessIdentity): 'alive' | 'ended' | 'unknown' {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'ended';
  }
  const now = readStat(pid);
  if (now?.isZombie) return 'ended';
  if (!now || startedAt === '') return 'unknown';
  return now.startedAt === startedAt ? 'alive' : 'ended';
}

function readStat(pid: number): { startedAt: string; isZombie: boolean } | undefined {
  try {
    // Fields 3 and 22 of proc(5) stat; the name in field 2 may hold spaces and brackets, so count from its end.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { startedAt: rest[18] ?? '', isZombie: state === 'Z' };
  } catch {
    return undefined;
  }
}
