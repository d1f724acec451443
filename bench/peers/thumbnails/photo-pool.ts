/** Something that works on photos in as many processes as it was opened with. */
export interface PhotoPool {
  /** Resolves when all photos are done, to the ids of the processes that had a part in it. */
  process(photos: readonly string[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** What a pool of photos needs to know to open. */
export interface PhotoPoolOptions {
  readonly workers: number;
  /** The compiled warm-pool that is measured. */
  readonly build: string;
  /** A folder to write to that has no photos in it. */
  readonly folder: string;
}

/** The boxes that thumbnails are fitted into, in pixels: those of the reference program. */
export const boxes = [1024, 512, 256, 128, 64, 32] as const;

/** The JPEG quality of the reference program. */
export const quality = 65;
