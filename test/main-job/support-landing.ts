import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Project } from '../support/project.ts';
import { filesOf } from '../support/status.ts';
import { until } from '../support/wait.ts';
import type { Content } from './support-contents.ts';
import { allWays, type Landing, type Together, type Transfer, type Way } from './support-plan.ts';
import type { Runs } from './support-runs.ts';

interface LandingsContext {
  readonly project: Project;
  readonly runs: Runs;
  /** How long a photo may take until its function runs: as long as all that lie before it. */
  readonly longestBacklogMs: number;
}

/** Carries out what was planned, and knows what has to be in the inbox in the end. */
export class Landings {
  readonly #project: Project;
  readonly #runs: Runs;
  readonly #longestBacklogMs: number;
  /** The last content of each photo that is there, by its path below the inbox. */
  readonly expected = new Map<string, Content>();
  readonly deleted = new Set<string>();
  /** How often something landed in each way. */
  readonly landed = new Map<Way, number>(allWays.map((way) => [way, 0]));
  /** The first content of each photo that was overwritten, by its absolute path. */
  readonly #overwritten = new Map<string, Content>();
  /** The absolute paths of those that were in line, as `pool files` said, just before they were deleted. */
  readonly #deletedInLine = new Set<string>();
  #drafts = 0;

  constructor({ project, runs, longestBacklogMs }: LandingsContext) {
    this.#project = project;
    this.#runs = runs;
    this.#longestBacklogMs = longestBacklogMs;
  }

  async land(landing: Landing): Promise<void> {
    if (landing.kind !== 'photo') return this.#landTogether(landing);
    const { first, sequel } = landing;
    const place = this.place(first.path);
    // All that takes time is done before: its run may take a few ms only.
    const overwrite = sequel.what === 'overwritten' && (await this.#prepare(sequel.by));
    await (await this.#prepare(first))();
    if (overwrite) {
      await until(`a run of ${first.path}`, () => this.#runs.hasBegun(place), this.#longestBacklogMs);
      this.#overwritten.set(place, first.content);
      await overwrite();
    } else if (sequel.what === 'deleted') {
      if (sequel.afterMs !== 'queued') await delay(sequel.afterMs);
      const isInLine = sequel.afterMs === 'queued' ? this.#isSeenInLine(place) : this.#isInLine(place);
      if (await isInLine) this.#deletedInLine.add(place);
      await fs.rm(place);
      this.expected.delete(first.path);
      this.deleted.add(first.path);
    }
  }

  async #isInLine(place: string): Promise<boolean> {
    const files = await filesOf(this.#project.path('.pool'), ['queued']);
    return files?.some((file) => file.path === place) ?? false;
  }

  /** The same, sooner or later, unless its turn comes first. */
  async #isSeenInLine(place: string): Promise<boolean> {
    for (const end = performance.now() + longestLookMs; performance.now() < end; ) {
      if (this.#runs.hasBegun(place)) return false;
      if (await this.#isInLine(place)) return true;
      await delay(10);
    }
    return false;
  }

  /** The absolute path of a photo. */
  place(file: string): string {
    return this.#project.path('inbox', ...file.split('/'));
  }

  /** How many photos were overwritten during a run that had found the first content whole. */
  get overwrittenWhileProcessed(): number {
    const runs = this.#runs.overtaken.filter(({ src, found }) => {
      const first = this.#overwritten.get(src);
      return first !== undefined && found?.startsWith(`${first.photo.length} `);
    });
    return new Set(runs.map(({ src }) => src)).size;
  }

  /** How many photos were deleted while they were in line: no run has found them there. */
  get deletedWhileQueued(): number {
    const found = new Set(this.#runs.all.flatMap((run) => (run.found === undefined ? [] : run.src)));
    return [...this.#deletedInLine].filter((place) => !found.has(place)).length;
  }

  /** Returns what makes it land. */
  async #prepare(transfer: Transfer): Promise<() => Promise<void>> {
    const { photo } = transfer.content;
    const target = this.place(transfer.path);
    const folder = path.dirname(target);
    await fs.mkdir(folder, { recursive: true });
    this.#drafts += 1;
    const draft = this.#project.path('staging', `${this.#drafts}.jpg`);
    const temporary = path.join(folder, `.${path.basename(target)}.${String(this.#drafts).padStart(6, 'X')}`);
    if (transfer.way === 'cp' || transfer.way === 'rename') await fs.writeFile(draft, photo);
    if (transfer.way === 'rsync') await writeSlowly(temporary, transfer);
    return async () => {
      switch (transfer.way) {
        case 'cp':
          await run('cp', [draft, target]);
          break;
        case 'slow':
          await writeSlowly(target, transfer);
          break;
        case 'rename':
          await fs.rename(draft, target);
          break;
        case 'rsync':
          await fs.rename(temporary, target);
      }
      this.expected.set(transfer.path, transfer.content);
      this.#count(transfer.way);
    };
  }

  async #landTogether({ kind, name, photos }: Together): Promise<void> {
    const staging = this.#project.path('staging', name);
    for (const photo of photos) {
      const draft = path.join(staging, photo.path);
      await fs.mkdir(path.dirname(draft), { recursive: true });
      await fs.writeFile(draft, photo.content.photo);
    }
    const inbox = this.place('');
    if (kind === 'tar') {
      const archive = `${staging}.tar`;
      await run('tar', ['-cf', archive, '-C', staging, ...photos.map((photo) => photo.path)]);
      await run('tar', ['-xf', archive, '-C', inbox]);
    } else {
      const [home = ''] = photos.map((photo) => photo.path.split(name)[0] + name);
      await fs.mkdir(path.dirname(this.place(home)), { recursive: true });
      await fs.rename(path.join(staging, home), this.place(home));
    }
    for (const photo of photos) this.expected.set(photo.path, photo.content);
    this.#count(kind);
  }

  #count(way: Way): void {
    this.landed.set(way, (this.landed.get(way) ?? 0) + 1);
  }
}

/** A runtime that was killed just now is there again by then. */
const longestLookMs = 5_000;

const run = promisify(execFile);

/** Also over what is there already: it is cut off first, as most programs do. */
async function writeSlowly(file: string, { content, pieces, pauseMs }: Transfer): Promise<void> {
  const { photo } = content;
  const step = Math.ceil(photo.length / pieces);
  const handle = await fs.open(file, 'w');
  try {
    for (let at = 0; at < photo.length; at += step) {
      await delay(pauseMs);
      await handle.write(photo.subarray(at, at + step));
    }
  } finally {
    await handle.close();
  }
}
