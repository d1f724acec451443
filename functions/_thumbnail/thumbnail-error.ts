/** Why there are no thumbnails; stable, to be switched on. */
export type ThumbnailErrorCode =
  | 'SOURCE_MISSING'
  | 'SOURCE_UNREADABLE'
  | 'SOURCE_CHANGED'
  | 'NOT_A_FILE'
  | 'EMPTY'
  | 'UNSUPPORTED'
  | 'TOO_LARGE'
  | 'TRUNCATED'
  | 'DAMAGED'
  | 'BAD_DEST'
  | 'UNWRITABLE'
  | 'DISK_FULL';

/**
 * Why a photo has no thumbnails, in one sentence that names the photo, the reason and, where there is one,
 * the way out. It is thrown where the trouble is found, with the reason alone, and gets the photo's name on
 * the way out.
 */
export class ThumbnailError extends Error {
  readonly code: ThumbnailErrorCode;
  /** The photo, as the caller named it. */
  readonly src: string | undefined;

  constructor(code: ThumbnailErrorCode, reason: string, options: { cause?: unknown; src?: string } = {}) {
    // JSON's quoting keeps a name with a newline or a quote on one line.
    super(
      options.src === undefined
        ? reason
        : `Cannot make thumbnails of ${JSON.stringify(options.src)}: ${reason}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.src = options.src;
  }

  /** The same error with the photo's name in front. */
  naming(src: string): ThumbnailError {
    const named = new ThumbnailError(this.code, this.message, { src, cause: this.cause });
    // Where the trouble was found says more than where the name was added.
    if (this.stack !== undefined) named.stack = this.stack.replace(this.message, () => named.message);
    return named;
  }

  /** The same error, as if the caller of the function that made it had made it: there the trouble was found. */
  madeBy(factory: (...args: never[]) => unknown): ThumbnailError {
    Error.captureStackTrace(this, factory);
    return this;
  }
}

Object.defineProperty(ThumbnailError.prototype, 'name', {
  value: 'ThumbnailError',
  configurable: true,
  writable: true,
});

/** The error for a file that is all there but can't be read. */
export function damaged(what: string, cause?: unknown): ThumbnailError {
  return new ThumbnailError('DAMAGED', `${what}; copy it again from where it came`, { cause }).madeBy(
    damaged,
  );
}

/** The error for a file that ends too early. */
export function cutShort(where: string): ThumbnailError {
  return new ThumbnailError(
    'TRUNCATED',
    `the file is cut short, it ends ${where}; copy it again from where it came`,
  ).madeBy(cutShort);
}

/** The way out for a photo that can't be read because of how it is stored. */
export const convertFirst = 'convert it to JPEG, PNG or TIFF first';

const systemReasons: Record<string, string> = {
  ENOENT: 'a part of the path is not there and can’t be made, as behind a link that leads nowhere',
  EACCES: 'permission was denied',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than this process may write',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file is where the folder should be',
  EISDIR: 'a folder is where the file should be',
  ENAMETOOLONG: 'the name is too long for the file system',
  ELOOP: 'its symbolic links go in a circle',
  EMFILE: 'too many files are open in this process',
  ENFILE: 'too many files are open on this machine',
  EIO: 'the disk reported an error',
};

/** The error of a file operation in words: `permission was denied (EACCES)`. */
export function systemReason(error: unknown): string {
  const code = systemCode(error);
  const words = code === undefined ? undefined : systemReasons[code];
  if (words !== undefined) return `${words} (${code})`;
  return error instanceof Error ? error.message : String(error);
}

/** The code of a file operation's error, such as `ENOENT`; undefined when it has none. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
