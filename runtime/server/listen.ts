import { rmdirSync, rmSync } from 'node:fs';
import { chmod, lstat, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bindingFolderName, bindingName, claimUserFolder } from './address.ts';

interface Listening {
  /** Makes the address go away at once; it may be called more than once. */
  remove(): void;
}

/**
 * Opens `listen` at an address that only this user can connect to, from the first moment on: the socket is bound
 * inside a folder of mode 0700, gets its own mode of 0600 there and is then moved into place, which also replaces what a
 * killed runtime left behind.
 */
export async function listenPrivately(options: {
  address: string;
  dataDir: string;
  listen: (path: string) => Promise<unknown>;
}): Promise<Listening> {
  const { address, dataDir, listen } = options;
  // A named pipe has no file: it goes with its process.
  if (process.platform === 'win32') {
    await listen(address);
    return { remove() {} };
  }
  const userFolder = dirname(address) === dataDir ? undefined : dirname(address);
  await expectSocketOrNothing(address);
  const binding = await (userFolder ? makeInUserFolder(userFolder) : makeBindingFolder(dataDir));
  try {
    const bound = join(binding, bindingName);
    await listen(bound);
    await chmod(bound, 0o600);
    await rename(bound, address);
  } finally {
    await rm(binding, { recursive: true, force: true });
  }
  return {
    remove() {
      rmSync(address, { force: true });
      if (userFolder) removeIfEmpty(userFolder);
    },
  };
}

async function expectSocketOrNothing(address: string): Promise<void> {
  const found = await lstat(address).catch(() => undefined);
  if (found && !found.isSocket()) {
    throw new Error(`The control socket can't be made: ${address} is there and is no socket. Remove it.`);
  }
}

async function makeInUserFolder(userFolder: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    await claimUserFolder(userFolder);
    try {
      return await makeBindingFolder(userFolder);
    } catch (error) {
      // The last other runtime of this user may have removed the folder between the two steps.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === claimAttempts) throw error;
    }
  }
}

const claimAttempts = 3;

function makeBindingFolder(folder: string): Promise<string> {
  return mkdtemp(join(folder, bindingFolderName('')));
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Other runtimes of this user have their sockets in it.
  }
}
