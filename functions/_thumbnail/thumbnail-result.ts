// Apart from what makes them: these are the only types that the package's own types lead to.

export interface Thumbnail {
  /** Absolute. */
  path: string;
  /** In pixels. */
  width: number;
  height: number;
  /** The size of the file. */
  bytes: number;
}

export interface ThumbnailResult {
  /** The photo's absolute path. */
  src: string;
  /** The photo's size in pixels, as stored: turned by its orientation only with `autoOrient`. */
  width: number;
  height: number;
  /** One for each of `sizes`, in that order. */
  outputs: Thumbnail[];
}
