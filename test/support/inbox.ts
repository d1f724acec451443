import fs from 'node:fs';
import path from 'node:path';
import { type Running, startService } from './cli.ts';
import { type Cleanup, makeProject, type Project, repository } from './project.ts';

/** What `pool start` logged of a file in the inbox. */
export interface FileLine {
  readonly level: number;
  readonly file: string;
  readonly msg: string;
}

/** A project as a user has it who wants thumbnails: with the configuration of this repository, or another `match` in it. */
export function makeInboxProject(test: Cleanup, pool = '{}', match = jpegs): Project {
  const own = fs.readFileSync(path.join(repository, 'pool.config.ts'), 'utf8');
  const configuration = own
    .replace("functions: 'functions',", `functions: ['functions', 'warm-pool/functions'], pool: ${pool},`)
    .replace(`match: '${jpegs}'`, `match: '${match}'`);
  return makeProject(test, { 'pool.config.ts': configuration, 'functions/_empty.ts': '' });
}

const jpegs = '*.{jpg,jpeg}';

/** An inbox that is watched by a running `pool start`. */
export class Inbox {
  readonly project: Project;
  readonly service: Running;
  readonly path: string;

  static async open(test: Cleanup, project: Project, args: readonly string[] = []): Promise<Inbox> {
    return new Inbox(project, await startService(test, project, args));
  }

  private constructor(project: Project, service: Running) {
    this.project = project;
    this.service = service;
    this.path = project.path('inbox');
  }

  /** The lines about files that have been logged so far. */
  get lines(): FileLine[] {
    const lines = this.service
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as FileLine).filter(({ file }) => file !== undefined);
  }

  linesOf(file: string): FileLine[] {
    return this.lines.filter((line) => line.file === file);
  }

  /** The paths of all finished thumbnails, below the inbox, in order. */
  get thumbnails(): string[] {
    return this.#files.filter((file) => file.includes('thumbnails/') && !path.basename(file).startsWith('.'));
  }

  /** Hidden files: what an unfinished or killed run has left. */
  get leftovers(): string[] {
    return this.#files.filter((file) => path.basename(file).startsWith('.'));
  }

  get #files(): string[] {
    if (!fs.existsSync(this.path)) return [];
    return fs
      .readdirSync(this.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        path.relative(this.path, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'),
      )
      .sort();
  }
}

/** The six thumbnails of a photo, by its path below the inbox. */
export function thumbnailsOf(file: string): string[] {
  const { dir, base } = path.posix.parse(file);
  return [1024, 512, 256, 128, 64, 32].map((box) =>
    path.posix.join(dir, 'thumbnails', `${box}x${box}`, base),
  );
}
