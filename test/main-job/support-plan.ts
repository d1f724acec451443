import path from 'node:path';
import type { Random } from '../channel/support-random.ts';
import type { Content } from './support-contents.ts';
import { Deck } from './support-deck.ts';

/** The ways in which one photo gets to its place. */
const ways = ['cp', 'slow', 'rename', 'rsync'] as const;

/** Those of several at once: extracted by tar, or moved in with their folder. */
const togetherWays = ['tar', 'folder'] as const;

export const allWays = [...ways, ...togetherWays];

export type Way = (typeof allWays)[number];

interface Photo {
  /** Below the inbox. */
  readonly path: string;
  readonly content: Content;
}

export interface Transfer extends Photo {
  readonly way: (typeof ways)[number];
  /** A slow writer's. */
  readonly pieces: number;
  readonly pauseMs: number;
}

export interface Together {
  readonly kind: (typeof togetherWays)[number];
  readonly name: string;
  readonly photos: readonly Photo[];
}

/** What lands, and what happens to it then. All that is left to chance was decided when it was planned. */
export type Landing =
  | { readonly kind: 'photo'; readonly first: Transfer; readonly sequel: Sequel }
  | Together;

type Sequel =
  | { readonly what: 'stays' }
  /** By another content, once its function runs. */
  | { readonly what: 'overwritten'; readonly by: Transfer }
  /** While it waits for its turn, if the moment is the right one; or as soon as it is known to be so. */
  | { readonly what: 'deleted'; readonly afterMs: number | 'queued' };

const folders = ['', 'a', 'a/b', 'a/b/c', 'day 1', 'day 1/evening', 'Übung'];

/** Plans what lands, over nested folders and by every way of landing. */
export class Plan {
  readonly #random: Random;
  readonly #contents: readonly Content[];
  readonly #ways: Deck<Transfer['way']>;
  readonly #kinds: Deck<Landing['kind']>;
  #made = 0;

  constructor(random: Random, contents: readonly Content[]) {
    this.#random = random;
    this.#contents = contents;
    this.#ways = new Deck(random, ways);
    this.#kinds = new Deck(random, [...Array<'photo'>(22).fill('photo'), ...togetherWays]);
  }

  /** Bursts of so many photos in all. */
  bursts(count: number): Landing[][] {
    const last = this.#made + count;
    const bursts: Landing[][] = [];
    while (this.#made < last) {
      const end = Math.min(last, this.#made + 3 + this.#random.below(25));
      const burst: Landing[] = [];
      while (this.#made < end) {
        const kind = this.#kinds.deal();
        burst.push(kind === 'photo' ? this.#landing((photo) => this.#sequel(photo)) : this.#several(kind));
      }
      bursts.push(burst);
    }
    return bursts;
  }

  /** A burst in which everything that may happen to a photo is likely to happen. */
  eventfulBurst(): Landing[] {
    const overwritten = Array.from({ length: 8 }, () => this.#landing((photo) => this.#overwritten(photo)));
    // At once, and more than the workers have in hand at a time: some of them wait for their turn.
    const deleted = Array.from({ length: 16 }, (): Landing => {
      const { first } = this.#landing(() => ({ what: 'stays' }));
      const sequel = { what: 'deleted', afterMs: 'queued' } as const;
      return { kind: 'photo', first: { ...first, way: 'rename' }, sequel };
    });
    return [...overwritten, ...deleted, ...togetherWays.map((kind) => this.#several(kind))];
  }

  #landing(sequelOf: (photo: Photo) => Sequel): Landing & { readonly kind: 'photo' } {
    const photo = this.#photo(this.#random.pick(folders));
    return { kind: 'photo', first: this.#transfer(photo), sequel: sequelOf(photo) };
  }

  #sequel(photo: Photo): Sequel {
    const chance = this.#random.fraction();
    if (chance < 0.1) return this.#deleted;
    return chance > 0.4 ? { what: 'stays' } : this.#overwritten(photo);
  }

  get #deleted(): Sequel {
    return { what: 'deleted', afterMs: this.#random.below(60) };
  }

  #overwritten({ path, content }: Photo): Sequel {
    const others = this.#contents.filter((other) => other !== content);
    return { what: 'overwritten', by: this.#transfer({ path, content: this.#random.pick(others) }) };
  }

  #several(kind: Together['kind']): Together {
    const name = `${kind} ${this.#made}`;
    const home = path.posix.join(this.#random.pick(folders), name);
    const photos = Array.from({ length: 2 + this.#random.below(7) }, () =>
      this.#photo(
        kind === 'tar' ? this.#random.pick(folders) : path.posix.join(home, this.#random.pick(['', 'night'])),
      ),
    );
    return { kind, name, photos };
  }

  #photo(folder: string): Photo {
    this.#made += 1;
    const name = `IMG_${String(this.#made).padStart(4, '0')}.${this.#random.pick(['jpg', 'JPG', 'jpeg'])}`;
    return { path: path.posix.join(folder, name), content: this.#random.pick(this.#contents) };
  }

  #transfer(photo: Photo): Transfer {
    const [pieces, pauseMs] = [2 + this.#random.below(12), this.#random.below(120)];
    return { ...photo, way: this.#ways.deal(), pieces, pauseMs };
  }
}
