/** A file as the trigger's `args` and `complete` see it. */
export interface WatchedFile {
  /** Absolute path. */
  readonly path: string;
  /** The file's name, as in `photo.jpg`. */
  readonly name: string;
  /** The path below the watched folder, with `/` on every platform, as in `2024/photo.jpg`. */
  readonly relativePath: string;
  /** Size in bytes when it was last looked at. */
  readonly size: number;
  /** Time of the last change of its content, in ms since 1970. */
  readonly mtimeMs: number;
}

/**
 * What a look at a file's bytes can tell: `whole` (its format says that nothing is missing), `partial` (something
 * is missing) or `unknown` (its format can't tell).
 */
export type Completeness = 'whole' | 'partial' | 'unknown';

/** Judges whether a file has arrived completely. It may read the file, and should read no more than it needs. */
export type CompletenessCheck = (file: WatchedFile) => Completeness | Promise<Completeness>;
