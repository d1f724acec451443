/** Something that watches a folder and tells of the files that land in it. */
export interface Watcher {
  /** The resident memory of this process just before it began to watch, in bytes. */
  readonly residentBefore: number;
  /** Resolves to the time at which it told of the file with this name, on the clock of `wallClock`. */
  told(name: string): Promise<number>;
}

/** What a watcher needs to know to start. */
export interface WatcherOptions extends Inbox {
  /** A folder to write to. */
  readonly folder: string;
  /** The compiled warm-pool that is measured. */
  readonly build: string;
}

/** A folder with files in it, all of which are known to whoever begins to watch it. */
export interface Inbox {
  readonly inbox: string;
  /** How many files are in it. */
  readonly files: number;
  /** Where warm-pool keeps its receipts of them, in a folder that is made when they are first asked for. */
  readonly receipts: string;
}
