import { lastItem, primaryItem, withDescription, withExifItem, withPlaces } from './avif-items.ts';
import { type Box, box, boxesIn, numbersOf, uint, versionAndFlags } from './iso-boxes.ts';

/**
 * Puts EXIF, ICC profile and orientation into an AVIF that has none. EXIF is an item of its own, which describes the
 * picture; profile and orientation are properties of the picture. Readers of AVIF turn it by these and pay no regard
 * to the orientation in EXIF.
 */
export function withAvifMetadata(
  avif: Buffer,
  {
    exif,
    profile,
    orientation,
  }: { exif: Buffer | undefined; profile: Buffer | undefined; orientation: number },
): Buffer {
  const properties = [...(profile ? [profileProperty(profile)] : []), ...orientationProperties(orientation)];
  if (properties.length === 0 && exif === undefined) return avif;
  const meta = [...boxesIn(avif)].find(({ type }) => type === 'meta') as Box;
  // Version and flags stand before the boxes in it.
  const parts = new Map([...boxesIn(meta.contents, 4)].map(({ type, contents }) => [type, contents]));
  const part = (type: string) => parts.get(type) as Buffer;
  const picture = primaryItem(part('pitm'));
  const exifItem = lastItem(part('iinf')) + 1;
  // Four bytes tell where in the item its TIFF begins.
  const exifData = exif && Buffer.concat([Buffer.alloc(4), exif]);

  /** The box anew, when the data behind it has moved by so many bytes. */
  const rebuilt = (moved: number): Buffer => {
    // EXIF comes last in the file, in a box of its own.
    const exifPlace = exifData && { item: exifItem, at: avif.length + moved + 8, length: exifData.length };
    const changed = new Map([
      ...[...parts].map(([type, contents]) => [type, box(type, contents)] as const),
      ['iprp', withProperties(part('iprp'), picture, properties)],
      ['iloc', withPlaces(part('iloc'), moved, exifPlace)],
    ]);
    if (exifData) {
      changed.set('iinf', withExifItem(part('iinf'), exifItem));
      changed.set('iref', withDescription(parts.get('iref'), exifItem, picture));
    }
    return box('meta', meta.contents.subarray(0, 4), ...changed.values());
  };

  // The numbers in it make no difference to its length.
  const moved = rebuilt(0).length - (meta.end - meta.start);
  return Buffer.concat([
    avif.subarray(0, meta.start),
    rebuilt(moved),
    avif.subarray(meta.end),
    ...(exifData ? [box('mdat', exifData)] : []),
  ]);
}

/** Something that is said of a picture in an AVIF. */
interface Property {
  readonly content: Buffer;
  /** Whether a reader that doesn't know it must not show the picture. */
  readonly essential: boolean;
}

/** The property that says what the colours mean. */
function profileProperty(profile: Buffer): Property {
  return { content: box('colr', Buffer.from('prof', 'latin1'), profile), essential: false };
}

// Quarter turns to the left, then a mirror: 0 swaps top and bottom, 1 left and right.
const turns: Record<number, { angle?: number; axis?: number }> = {
  2: { axis: 1 },
  3: { angle: 2 },
  4: { axis: 0 },
  5: { angle: 1, axis: 0 },
  6: { angle: 3 },
  7: { angle: 3, axis: 0 },
  8: { angle: 1 },
};

/** The properties that say what an EXIF orientation does. */
function orientationProperties(orientation: number): Property[] {
  const { angle, axis } = turns[orientation] ?? {};
  return [
    ...(angle === undefined ? [] : [{ content: box('irot', uint(angle, 1)), essential: true }]),
    ...(axis === undefined ? [] : [{ content: box('imir', uint(axis, 1)), essential: true }]),
  ];
}

/** Adds properties to those that a file has, and says that they are the picture's. */
function withProperties(iprp: Buffer, picture: number, properties: readonly Property[]): Buffer {
  const [container, associations] = [...boxesIn(iprp)] as [Box, Box];
  const before = [...boxesIn(container.contents)].length;
  const added = properties.map(({ essential }, index) => ({ essential, number: before + index + 1 }));
  return box(
    'iprp',
    box('ipco', container.contents, ...properties.map(({ content }) => content)),
    withAssociations(associations.contents, picture, added),
  );
}

interface Association {
  readonly essential: boolean;
  /** Counted from 1. */
  readonly number: number;
}

/** For each item its number, how many properties it has, and which. */
function withAssociations(ipma: Buffer, picture: number, added: readonly Association[]): Buffer {
  const { version, flags, next } = numbersOf(ipma);
  const idBytes = version === 0 ? 2 : 4;
  const bytes = flags & 1 ? 2 : 1;
  const essentialBit = bytes === 2 ? 0x8000 : 0x80;
  const count = next(4);
  const items = Array.from({ length: count }, () => {
    const item = next(idBytes);
    const own = Array.from({ length: next(1) }, () => next(bytes));
    const more = item === picture ? added : [];
    const all = [...own, ...more.map(({ essential, number }) => (essential ? essentialBit : 0) | number)];
    return [uint(item, idBytes), uint(all.length, 1), ...all.map((each) => uint(each, bytes))];
  });
  return box('ipma', versionAndFlags(version, flags), uint(count, 4), ...items.flat());
}
