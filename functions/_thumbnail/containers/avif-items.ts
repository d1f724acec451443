import { box, boxesIn, numbersOf, uint, versionAndFlags } from './iso-boxes.ts';

// The items of an AVIF are its pictures and what describes them; several boxes each say something of all of them.

/** A piece of the file that holds an item's data. */
interface Extent {
  readonly at: number;
  readonly length: number;
}

interface Place {
  readonly item: number;
  /** 0: in the file, counted from its start. */
  readonly method: number;
  readonly extents: readonly Extent[];
}

/** The number of the picture to be shown. */
export function primaryItem(pitm: Buffer): number {
  const { version, next } = numbersOf(pitm);
  return next(version === 0 ? 2 : 4);
}

/** The highest number that an item has. */
export function lastItem(iinf: Buffer): number {
  const { version, next, rest } = numbersOf(iinf);
  next(version === 0 ? 2 : 4);
  const items = [...boxesIn(rest())].map(({ contents }) => {
    const info = numbersOf(contents);
    return info.next(info.version === 3 ? 4 : 2);
  });
  return Math.max(...items);
}

/** Adds an item for EXIF to the list of items. */
export function withExifItem(iinf: Buffer, item: number): Buffer {
  const { version, next, rest } = numbersOf(iinf);
  const countBytes = version === 0 ? 2 : 4;
  const count = next(countBytes);
  // Protected in no way, of the type EXIF, without a name.
  const info = [versionAndFlags(2), uint(item, 2), uint(0, 2), Buffer.from('Exif\0', 'latin1')];
  return box('iinf', versionAndFlags(version), uint(count + 1, countBytes), rest(), box('infe', ...info));
}

/** Says that an item describes another. */
export function withDescription(iref: Buffer | undefined, item: number, of: number): Buffer {
  const { version, rest } = iref ? numbersOf(iref) : { version: 0, rest: () => Buffer.alloc(0) };
  const idBytes = version === 0 ? 2 : 4;
  const reference = box('cdsc', uint(item, idBytes), uint(1, 2), uint(of, idBytes));
  return box('iref', versionAndFlags(version), rest(), reference);
}

/** Where the data of the items are when these have moved, and where that of another item is. */
export function withPlaces(
  iloc: Buffer,
  moved: number,
  added: (Extent & { item: number }) | undefined,
): Buffer {
  const places = placesIn(iloc).map((place) =>
    place.method === 0
      ? { ...place, extents: place.extents.map(({ at, length }) => ({ at: at + moved, length })) }
      : place,
  );
  if (added) places.push({ item: added.item, method: 0, extents: [added] });
  const written = places.map(({ item, method, extents }) => [
    // The data are in this file, and their places are not counted from anywhere else.
    ...[uint(item, 2), uint(method, 2), uint(0, 2), uint(extents.length, 2)],
    ...extents.flatMap(({ at, length }) => [uint(at, 4), uint(length, 4)]),
  ]);
  // Places and lengths have four bytes each.
  return box('iloc', versionAndFlags(1), uint(0x4400, 2), uint(places.length, 2), ...written.flat());
}

function placesIn(iloc: Buffer): Place[] {
  const { version, next } = numbersOf(iloc);
  const sizes = next(2);
  const [placeBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 0xf, (sizes >> 4) & 0xf] as const;
  const indexBytes = version === 0 ? 0 : sizes & 0xf;
  const idBytes = version === 2 ? 4 : 2;
  return Array.from({ length: next(idBytes) }, () => {
    const item = next(idBytes);
    const method = version === 0 ? 0 : next(2) & 0xf;
    next(2);
    const base = next(baseBytes);
    const extents = Array.from({ length: next(2) }, () => {
      next(indexBytes);
      return { at: base + next(placeBytes), length: next(lengthBytes) };
    });
    return { item, method, extents };
  });
}
