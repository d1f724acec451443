import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Random } from '../channel/support-random.ts';
import type { Project } from '../support/project.ts';
import { until } from '../support/wait.ts';
import type { Content } from './support-contents.ts';
import type { Runs } from './support-runs.ts';

/** How one photo gets to its place. */
type Way = 'cp' | 'slow' | 'rename' | 'rsync';

const ways: readonly Way[] = ['cp', 'slow', 'rename', 'rsync'];

interface Photo {
  /** Below the inbox. */
  readonly path: string;
  readonly content: Content;
}

interface Transfer extends Photo {
  readonly way: Way;
  /** A slow writer's. */
  readonly pieces: number;
  readonly pauseMs: number;
}

/** What lands, and what happens to it then. All that is left to chance was decided when it was planned. */
export type Landing =
  | { readonly kind: 'photo'; readonly first: Transfer; readonly sequel: Sequel }
  /** Several at once: extracted by tar, or moved in with their folder. */
  | { readonly kind: 'tar' | 'folder'; readonly name: string; readonly photos: readonly Photo[] };

type Sequel =
  | { readonly what: 'stays' }
  /** By another content, once its function runs. */
  | { readonly what: 'overwritten'; readonly by: Transfer }
  /** While it waits for its turn, as far as can be told from outside. */
  | { readonly what: 'deleted'; readonly afterMs: number };

/** Plans bursts of so many photos in all, over nested folders and by every way of landing. */
export function planLandings(random: Random, count: number, contents: readonly Content[]): Landing[][] {
  const folders = ['', 'a', 'a/b', 'a/b/c', 'day 1', 'day 1/evening', 'Übung'];
  let made = 0;
  const nextPhoto = (folder: string): Photo => {
    made += 1;
    const name = `IMG_${String(made).padStart(4, '0')}.${random.pick(['jpg', 'JPG', 'jpeg'])}`;
    return { path: path.posix.join(folder, name), content: random.pick(contents) };
  };
  const transfer = (photo: Photo): Transfer => ({
    ...{ ...photo, way: random.pick(ways) },
    ...{ pieces: 2 + random.below(12), pauseMs: random.below(120) },
  });
  const sequelOf = (photo: Photo): Sequel => {
    const chance = random.fraction();
    if (chance < 0.1) return { what: 'deleted', afterMs: random.below(60) };
    if (chance > 0.4) return { what: 'stays' };
    const others = contents.filter((content) => content !== photo.content);
    return { what: 'overwritten', by: transfer({ path: photo.path, content: random.pick(others) }) };
  };
  const several = (kind: 'tar' | 'folder'): Landing => {
    const name = `${kind} ${made}`;
    const home = path.posix.join(random.pick(folders), name);
    const photos = Array.from({ length: 2 + random.below(7) }, () =>
      nextPhoto(kind === 'tar' ? random.pick(folders) : path.posix.join(home, random.pick(['', 'night']))),
    );
    return { kind, name, photos };
  };
  const one = (): Landing => {
    const photo = nextPhoto(random.pick(folders));
    return { kind: 'photo', first: transfer(photo), sequel: sequelOf(photo) };
  };
  const bursts: Landing[][] = [];
  while (made < count) {
    const end = Math.min(count, made + 3 + random.below(25));
    const burst: Landing[] = [];
    while (made < end) burst.push(random.below(12) > 0 ? one() : several(random.pick(['tar', 'folder'])));
    bursts.push(burst);
  }
  return bursts;
}

/** Carries out what was planned, and knows what has to be in the inbox in the end. */
export class Landings {
  readonly #project: Project;
  readonly #runs: Runs;
  /** The last content of each photo that is there, by its path below the inbox. */
  readonly expected = new Map<string, Content>();
  readonly deleted = new Set<string>();

  constructor(project: Project, runs: Runs) {
    this.#project = project;
    this.#runs = runs;
  }

  async land(landing: Landing): Promise<void> {
    if (landing.kind !== 'photo') return this.#landTogether(landing);
    const { first, sequel } = landing;
    await this.#transfer(first);
    const place = this.place(first.path);
    if (sequel.what === 'overwritten') {
      // When that takes too long it is overwritten where it waits.
      await until('its run', () => this.#runs.hasBegun(place)).catch(() => {});
      await this.#transfer(sequel.by);
    } else if (sequel.what === 'deleted') {
      await delay(sequel.afterMs);
      await fs.rm(place);
      this.expected.delete(first.path);
      this.deleted.add(first.path);
    }
  }

  /** The absolute path of a photo. */
  place(file: string): string {
    return this.#project.path('inbox', ...file.split('/'));
  }

  async #transfer(transfer: Transfer): Promise<void> {
    const { photo } = transfer.content;
    const target = this.place(transfer.path);
    const folder = path.dirname(target);
    await fs.mkdir(folder, { recursive: true });
    const draft = this.#project.path('staging', transfer.path.replaceAll('/', ' '));
    switch (transfer.way) {
      case 'cp':
        await fs.writeFile(draft, photo);
        await run('cp', [draft, target]);
        break;
      case 'slow':
        await writeSlowly(target, transfer);
        break;
      case 'rename':
        await fs.writeFile(draft, photo);
        await fs.rename(draft, target);
        break;
      case 'rsync': {
        const temporary = path.join(folder, `.${path.basename(target)}.Xa81bQ`);
        await writeSlowly(temporary, transfer);
        await fs.rename(temporary, target);
      }
    }
    this.expected.set(transfer.path, transfer.content);
  }

  async #landTogether({ kind, name, photos }: Landing & { kind: 'tar' | 'folder' }): Promise<void> {
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
  }
}

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
