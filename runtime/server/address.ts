import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Where the runtime of a data folder is reached: `control.sock` in it, or, where that is longer than a socket address
 * may be, a short path in a folder of this user below the system's temporary folder. On Windows a named pipe.
 */
export function controlAddress(dataDir: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\warm-pool-${shortHash(dataDir.toLowerCase())}`;
  const inDataDir = join(dataDir, socketName);
  // The socket is bound inside a private folder beside its final place (see listen.ts): that path has to fit as well.
  if (fits(join(dataDir, bindingFolderName('XXXXXX'), bindingName))) return inDataDir;
  const inTemporary = (folder: string) => join(folder, userFolderName(), `${shortHash(dataDir)}.sock`);
  const short = inTemporary(tmpdir());
  // A TMPDIR of its own can be as long: /tmp is there on every Unix.
  return fits(short) ? short : inTemporary('/tmp');
}

/** Makes sure that the folder of an address outside the data folder belongs to this user alone. */
export async function claimUserFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  // Anybody may write to the temporary folder: somebody else could have made it first, or linked it elsewhere.
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new Error(
      `Expected ${folder} to be a folder that only its owner, user ${userInfo().username}, can open. ` +
        'Remove it, or set `dataDir` to a shorter path so that the control socket fits into it.',
    );
  }
}

/** The name of the folder that a socket is bound in before it is moved into place. */
export function bindingFolderName(suffix: string): string {
  return `.control-${suffix}`;
}

/** The name of a socket inside its binding folder. */
export const bindingName = 's';

const socketName = 'control.sock';

// `sun_path` of sockaddr_un, without the NUL at its end: 108 bytes on Linux, 104 on macOS and the BSDs. Node cuts a
// longer path off without a word.
const longestAddress = (process.platform === 'linux' ? 108 : 104) - 1;

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= longestAddress;
}

function userFolderName(): string {
  return `warm-pool-${process.getuid?.() ?? 'user'}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
