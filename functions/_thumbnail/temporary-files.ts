import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync, unlinkSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/**
 * A new name for a temporary file: hidden, unlike any other, short enough for any file system however long
 * the name of the photo is, and telling which process on which machine it belongs to.
 */
export function temporaryName(): string {
  startOfThis ??= readStat(process.pid)?.startedAt ?? unknownStart;
  return `.thumbnail-${machine()}-${process.pid}-${startOfThis}-${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Removes temporary files from folders whose process was killed while it wrote them: on this machine those of
 * processes that are gone, from elsewhere (a shared disk) those of more than an hour ago. What another process
 * is writing at the moment stays.
 *
 * It needn't be waited for, and never fails. In folders of a few thousand files it is done long before a photo
 * is decoded; one of 100,000 takes 0.2 s of looking, a little at a time, which nothing should wait for. A folder that
 * was looked through a moment ago is looked through once more when it has rested: what a kill has left there since
 * may have no later run to find it.
 */
export async function sweepTemporaries(folders: Iterable<string>): Promise<void> {
  for (const folder of new Set(folders)) {
    const rest = resting.get(folder);
    if (rest) rest.isSweptAgain = true;
    else await sweepAndRest(folder);
  }
}

const entriesAtOnce = 256;
const foreignAge = 60 * 60 * 1000;

// Looking takes 0.2 ms, and 2 µs for each entry: a folder rests for 500 times that, so that with six folders to a photo
// it is 1.2 % of the time. By the clock it would be far more on a busy machine, where a look waits for the decoder.
const shortestRest = 100;
const restPerEntry = 1;

const resting = new Map<string, { isSweptAgain: boolean }>();

async function sweepAndRest(folder: string): Promise<void> {
  const rest = { isSweptAgain: false };
  resting.set(folder, rest);
  const entries = await sweep(folder);
  const end = () => {
    resting.delete(folder);
    if (rest.isSweptAgain) void sweepAndRest(folder);
  };
  // A program that is done doesn't wait for it.
  setTimeout(end, shortestRest + entries * restPerEntry).unref();
}

/** Returns how many entries the folder has. */
async function sweep(folder: string): Promise<number> {
  let entries = 0;
  try {
    for await (const { name } of await opendir(folder, { bufferSize: entriesAtOnce })) {
      entries += 1;
      if (name.startsWith('.thumbnail-') && isLeftover(folder, name)) unlinkSync(join(folder, name));
    }
  } catch {
    // A folder that isn't there has no leftovers. Of one that can't be written the writing itself will tell.
  }
  return entries;
}

function isLeftover(folder: string, name: string): boolean {
  const parts = /^\.thumbnail-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}\.tmp$/.exec(name);
  if (parts === null) return false;
  if (parts[1] === machine() && !isRunning(Number(parts[2]), parts[3] as string)) return true;
  // Another machine's process can't be asked for, and where nothing tells when one began it may have got a dead one's number.
  const status = lstatSync(join(folder, name), { throwIfNoEntry: false });
  return status !== undefined && Date.now() - status.mtimeMs > foreignAge;
}

/** `startedAt` tells it from another one that was given its number since. */
function isRunning(pid: number, startedAt: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const now = readStat(pid);
  return !now?.isZombie && (now === undefined || [unknownStart, now.startedAt].includes(startedAt));
}

/** Where there is no /proc to tell. */
const unknownStart = '0';
let startOfThis: string | undefined;

/**
 * When a process began, in clock ticks since the start of the machine, and whether it has ended and is only waited for: the
 * workers of a runtime that was killed are left to the first process, which may take its time; in some containers it
 * never asks for them. Fields 3 and 22 of proc(5) stat; undefined when there is no such process, or no /proc.
 */
function readStat(pid: number): { startedAt: string; isZombie: boolean } | undefined {
  try {
    // The name in brackets before the state may hold brackets and spaces itself.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { startedAt: rest[18] ?? unknownStart, isZombie: state === 'Z' };
  } catch {
    return undefined;
  }
}

let machineName: string | undefined;

/** Tells apart what shares a disk but not the process numbers: machines, and on Linux containers. */
function machine(): string {
  if (machineName === undefined) {
    const processNumbers = process.platform === 'linux' ? readlinkSync('/proc/self/ns/pid') : '';
    machineName = createHash('sha1').update(`${hostname()} ${processNumbers}`).digest('hex').slice(0, 8);
  }
  return machineName;
}
