import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemCode, systemReason, ThumbnailError } from './thumbnail-error.ts';

/** A photo in memory, and which file it came from. */
export interface PhotoFile {
  readonly bytes: Buffer;
  /** Device and inode: what the file is, whatever it is called. */
  readonly dev: bigint;
  readonly ino: bigint;
}

// As many bytes as the largest accepted picture has raw (see maxPixels): a JPEG beyond that is not a photo.
const maxFileBytes = 512 * 1024 ** 2;

/**
 * Reads a whole photo into memory. The decoder never sees the file itself: libvips would map it, and a file
 * that shrinks under a mapping ends the process with SIGBUS.
 */
export async function readPhoto(path: string): Promise<PhotoFile> {
  const handle = await openForReading(path);
  try {
    const before = await handle.stat({ bigint: true });
    if (before.isDirectory()) {
      throw new ThumbnailError('NOT_A_FILE', 'it is a folder; name a photo inside it');
    }
    if (!before.isFile()) {
      throw new ThumbnailError('NOT_A_FILE', 'it is not a regular file but a pipe, socket or device');
    }
    if (before.size === 0n) {
      throw new ThumbnailError('EMPTY', 'the file is empty; copy it again from where it came');
    }
    if (before.size > BigInt(maxFileBytes)) {
      throw new ThumbnailError(
        'TOO_LARGE',
        `the file has ${before.size} bytes, more than the ${maxFileBytes} a photo may have`,
      );
    }
    const bytes = Buffer.allocUnsafeSlow(Number(before.size));
    const length = await readFully(handle, bytes);
    const after = await handle.stat({ bigint: true });
    if (length < bytes.length || after.size !== before.size || after.mtimeNs !== before.mtimeNs) {
      throw new ThumbnailError(
        'SOURCE_CHANGED',
        'the file changed while it was read; try again when it is completely written',
      );
    }
    return { bytes, dev: before.dev, ino: before.ino };
  } catch (error) {
    throw error instanceof ThumbnailError ? error : unreadable(error);
  } finally {
    await handle.close();
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    // Opening a named pipe waits for a writer, perhaps forever, unless told not to.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      throw new ThumbnailError(
        'SOURCE_MISSING',
        `there is no such file (looked for ${JSON.stringify(path)}); check the path and its spelling`,
        { cause: error },
      );
    }
    throw unreadable(error);
  }
}

async function readFully(handle: FileHandle, bytes: Buffer): Promise<number> {
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function unreadable(error: unknown): ThumbnailError {
  return new ThumbnailError('SOURCE_UNREADABLE', `the file can't be read, ${systemReason(error)}`, {
    cause: error,
  }).madeBy(unreadable);
}
