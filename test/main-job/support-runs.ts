import fs from 'node:fs';
import type { Project } from '../support/project.ts';

/**
 * The thumbnail function, which notes each run: the photo, the version that the trigger meant, how it ended, and what
 * was in the photo's place at both ends. A run that was killed has no end.
 */
const notingThumbnail = `
  import fs from 'node:fs';
  import { defineFunction } from 'warm-pool';
  import thumbnail from 'warm-pool/functions/thumbnail';

  const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
  const note = (line) => fs.writeSync(runs, JSON.stringify(line) + '\\n');
  const versionOf = (src) => {
    const found = fs.statSync(src, { throwIfNoEntry: false });
    return found && found.size + ' ' + found.mtimeMs;
  };

  export default defineFunction({
    ...thumbnail,
    input: undefined,
    handler: async ({ src, version }, context) => {
      const run = context.invocationId;
      note({ run, event: 'began', src, version, found: versionOf(src) });
      try {
        const { value } = await thumbnail.input['~standard'].validate({ src });
        const result = await thumbnail.handler(value, context);
        note({ run, event: 'made', left: versionOf(src) });
        return result;
      } catch (error) {
        note({ run, event: 'failed', left: versionOf(src), reason: error.message });
        throw error;
      }
    },
  });
`;

export const workerCount = 2;

/** How often a photo may fail, unless a test wants it otherwise: as often as where nobody says anything. */
export const defaultAttempts = 3;

interface NotingOptions {
  /** The folder that is watched. */
  readonly path?: string;
  readonly dataDir?: string;
  readonly attempts?: number;
}

/** The files of a project in which each run of the thumbnail function is noted. The id of its trigger is `photos`. */
export function notingFiles({
  path = 'inbox',
  dataDir = '.pool',
  attempts = defaultAttempts,
}: NotingOptions = {}) {
  const configuration = `
    import { defineConfig, watch } from 'warm-pool';
    export default defineConfig({
      dataDir: ${JSON.stringify(dataDir)},
      pool: { max: ${workerCount} },
      triggers: [
        watch({
          id: 'photos',
          path: ${JSON.stringify(path)},
          match: '*.{jpg,jpeg}',
          ignore: '**/thumbnails/**',
          attempts: ${attempts},
          invoke: 'thumbnail',
          args: (file) => ({ src: file.path, version: file.size + ' ' + file.mtimeMs }),
        }),
      ],
    });
  `;
  return { 'pool.config.ts': configuration, 'functions/thumbnail.js': notingThumbnail };
}

/** A run of the function on one version of a photo. */
export interface NotedRun {
  readonly src: string;
  /** Its size and the time of its last change. */
  readonly version: string;
  /** The version that was there as it began; undefined when there was none. */
  readonly found: string | undefined;
  /** The version that was there as it ended; undefined when there was none, or it hasn't ended. */
  left: string | undefined;
  /** Undefined: it was killed, or is still at it. */
  end: 'made' | 'failed' | undefined;
  reason: string | undefined;
}

interface Beginning {
  readonly event: 'began';
  readonly run: string;
  readonly src: string;
  readonly version: string;
  readonly found?: string;
}

interface End {
  readonly event: 'made' | 'failed';
  readonly run: string;
  readonly left?: string;
  readonly reason?: string;
}

type Note = Beginning | End;

/** What such a project has noted so far. */
export class Runs {
  readonly #file: string;
  readonly #runs = new Map<string, NotedRun>();
  readonly #sources = new Set<string>();
  #read = 0;

  constructor(project: Project) {
    this.#file = project.path('runs');
    fs.writeFileSync(this.#file, '');
  }

  /** Whether the function has ever begun with the file at this absolute path. */
  hasBegun(src: string): boolean {
    this.#readOn();
    return this.#sources.has(src);
  }

  /** All of them, in the order in which they began. */
  get all(): readonly NotedRun[] {
    this.#readOn();
    return [...this.#runs.values()];
  }

  /**
   * Those that began although the same version of the same photo had had one before which had not failed: the ones
   * that a kill costs. A run that follows a failure is another attempt.
   */
  get repeated(): readonly NotedRun[] {
    const last = new Map<string, NotedRun>();
    return this.all.filter((run) => {
      const version = `${run.src} ${run.version}`;
      const before = last.get(version);
      last.set(version, run);
      return before !== undefined && before.end !== 'failed';
    });
  }

  /** Those during which another content took the place of the one that they had found. */
  get overtaken(): readonly NotedRun[] {
    return this.all.filter(({ found, left }) => found !== undefined && left !== undefined && found !== left);
  }

  /** Those without an end: when nothing runs any more, the ones that were killed. */
  get cutShort(): readonly NotedRun[] {
    return this.all.filter(({ end }) => end === undefined);
  }

  #readOn(): void {
    const handle = fs.openSync(this.#file, 'r');
    try {
      const { size } = fs.fstatSync(handle);
      const bytes = Buffer.alloc(size - this.#read);
      fs.readSync(handle, bytes, 0, bytes.length, this.#read);
      const end = bytes.lastIndexOf('\n') + 1;
      this.#read += end;
      for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line !== '') this.#note(line);
    } finally {
      fs.closeSync(handle);
    }
  }

  #note(line: string): void {
    const note = JSON.parse(line) as Note;
    if (note.event === 'began') {
      const { src, version, found } = note;
      this.#runs.set(note.run, { src, version, found, left: undefined, end: undefined, reason: undefined });
      this.#sources.add(src);
      return;
    }
    const run = this.#runs.get(note.run);
    if (!run) throw new Error(`a run ended that has not begun: ${line}`);
    run.end = note.event;
    run.left = note.left;
    run.reason = note.reason;
  }
}
