/** Who owns a data folder: it stands in `owner.json` there. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PoolError } from '../errors/pool-errors.ts';
import { fateOf, identityOf, type ProcessIdentity } from './process-identity.ts';

interface Owner extends ProcessIdentity {
  /** A program may have several runtimes: a process doesn't name an owner, this does. */
  readonly token: string;
  readonly purpose?: Purpose;
}

/** `retry` changes a few entries and is gone. */
export type Purpose = 'runtime' | 'retry';

/** The folder belongs to a runtime that is alive, or may be: then the message says what to remove if it is not. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
  readonly pid: number;
  /** Whether it is free again within seconds. */
  readonly isPassing: boolean;
  constructor(folder: string, { pid, doubtful, purpose = 'runtime' }: Holder) {
    const doubt = doubtful === undefined ? '' : `. If process ${pid} is no runtime, remove ${doubtful}`;
    super(`${folder} is in use by ${holders[purpose]} (pid ${pid})${doubt}`);
    this.pid = pid;
    this.isPassing = purpose === 'retry';
  }
}

interface Holder {
  readonly pid: number;
  readonly doubtful?: string | undefined;
  readonly purpose?: Purpose | undefined;
}

const holders: Readonly<Record<Purpose, string>> = {
  runtime: 'another runtime',
  retry: '`pool files retry`',
};

/**
 * Takes a data folder for one runtime, from an owner that is dead if need be; returns what gives it back.
 *
 * No file can be removed on the condition that it is still the one that was looked at, so that of two runtimes which
 * find a dead owner the slower one could remove the faster one. Therefore each first puts down a claim under its own
 * name and only then looks around: who sees no other claim is alone in here, as a later one will see his. Of several
 * that see each other the one whose claim comes first by name stays.
 * @throws FolderInUseError
 * @throws PoolError `STORE_UNUSABLE` when nothing can be written there
 */
export function takeFolder(folder: string, purpose: Purpose = 'runtime'): () => void {
  const file = path.join(folder, 'owner.json');
  const self: Owner = { ...identityOf(process.pid), token: randomBytes(8).toString('hex'), purpose };
  const claim = path.join(folder, `.owner-${self.pid}-${self.startedAt}-${self.token}.json`);
  const deadline = performance.now() + longestTurnsMs;
  try {
    fs.mkdirSync(folder, { recursive: true });
    for (;;) {
      fs.writeFileSync(claim, JSON.stringify(self));
      const others = otherClaims(folder, claim);
      // After the claims: an owner was a claim until it became the owner.
      expectNoOwner(folder, file);
      const [other] = others;
      if (!other) break;
      if (performance.now() > deadline)
        throw new FolderInUseError(folder, { ...other, doubtful: other.file });
      if (others.some((each) => each.file < claim)) fs.rmSync(claim);
      waitSync(othersTurnMs);
    }
    fs.renameSync(claim, file);
  } catch (error) {
    throw error instanceof FolderInUseError ? error : unusableFolder(folder, error);
  } finally {
    fs.rmSync(claim, { force: true });
  }
  return () => {
    if (readOwner(file)?.token === self.token) fs.rmSync(file, { force: true });
  };
}

function unusableFolder(folder: string, cause: unknown): PoolError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    `Nothing can be written to the data folder ${folder}: ${reason}. ` +
    'Make room there and make it writable, or choose another one by `dataDir`.';
  return new PoolError('STORE_UNUSABLE', message, { cause });
}

/** How long another runtime may need to read a folder and a file; it is waited for again and again. */
const othersTurnMs = 5;

/** Nobody needs a thousand turns, not even where dozens start at once: whoever still claims then has been stopped. */
const longestTurnsMs = 5_000;

function waitSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The claims of other runtimes that are alive. A dead one's is removed: nobody else has that name. */
function otherClaims(folder: string, own: string): { pid: number; file: string }[] {
  return fs.readdirSync(folder).flatMap((name) => {
    const { pid, startedAt = '' } = claimName.exec(name)?.groups ?? {};
    const file = path.join(folder, name);
    if (pid === undefined || file === own) return [];
    const claimant = { pid: Number(pid), startedAt };
    if (fateOf(claimant) !== 'ended') return [{ pid: claimant.pid, file }];
    fs.rmSync(file, { force: true });
    return [];
  });
}

const claimName = /^\.owner-(?<pid>\d+)-(?<startedAt>\d*)-[\da-f]+\.json$/;

function expectNoOwner(folder: string, file: string): void {
  const owner = readOwner(file);
  if (!owner) return;
  const fate = fateOf(owner);
  if (fate === 'ended') return;
  const doubtful = fate === 'unknown' ? file : undefined;
  throw new FolderInUseError(folder, { pid: owner.pid, doubtful, purpose: owner.purpose });
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined; // gone, or cut off by a full disk: nobody's
  }
}
