/** What workers do at the same time with something that they share. */
export type Work =
  /** Each has the lock and gives it back, again and again. */
  | { readonly kind: 'lock'; readonly workers: number }
  /** Each producer puts numbers, each consumer gets as many. There are as many of them as of the others. */
  | { readonly kind: 'queue'; readonly producers: Side; readonly consumers: Side }
  /** One worker sets an entry, again and again. */
  | { readonly kind: 'map' };

/** So many workers, or the program itself. */
export type Side = number | 'program';

/** How many operations all of them make when each does it so often; an item that is put and got is one. */
export function operationsOf(work: Work, times: number): number {
  switch (work.kind) {
    case 'lock':
      return work.workers * times;
    case 'queue':
      return partiesOf(work.producers) * times;
    case 'map':
      return times;
  }
}

/** How many workers it takes. */
export function workersOf(work: Work): number {
  switch (work.kind) {
    case 'lock':
      return work.workers;
    case 'queue':
      return [work.producers, work.consumers].reduce<number>(
        (sum, side) => sum + (side === 'program' ? 0 : side),
        0,
      );
    case 'map':
      return 1;
  }
}

/** Who is on a side of a queue; the program is one. */
export function partiesOf(side: Side): number {
  return side === 'program' ? 1 : side;
}

/** The sum of the numbers that `putAll` puts. */
export function sumOfItems(times: number): number {
  return (times * (times - 1)) / 2;
}
