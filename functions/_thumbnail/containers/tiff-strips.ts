import { convertFirst, cutShort, ThumbnailError } from '../thumbnail-error.ts';
import { openTiff, readDirectory } from './tiff-directory.ts';

const subfileType = 0x00fe;
const reducedPicture = 1;
const dngVersion = 0xc612;
// Where the picture is, in strips or in tiles.
const placesAndLengths = [
  [0x0111, 0x0117],
  [0x0144, 0x0145],
] as const;

/** Refuses a raw photo that is a TIFF by its form: the first picture in it, which sharp would take, is a preview. */
export function refuseRawPhoto(bytes: Buffer): void {
  const tiff = openTiff(bytes);
  const directory = tiff && readDirectory(tiff, tiff.first);
  if (directory === undefined) return;
  const type = directory.number(subfileType) ?? 0;
  if ((type & reducedPicture) === 0 && !directory.fields.has(dngVersion)) return;
  throw new ThumbnailError(
    'UNSUPPORTED',
    `it is a raw photo, or a preview of one, in a TIFF; ${convertFirst}`,
  );
}

/** Refuses a TIFF whose first picture isn't all within the file. */
export function refuseCutTiff(bytes: Buffer): void {
  const tiff = openTiff(bytes);
  if (tiff === undefined) return;
  const directory = readDirectory(tiff, tiff.first);
  if (directory === undefined || directory.cut) throw cutShort('inside its header');
  for (const [places, lengths] of placesAndLengths) {
    const all = directory.numbers(lengths);
    const beyond = directory.numbers(places).some((at, index) => at + (all[index] ?? 0) > bytes.length);
    if (beyond) throw cutShort('within the picture');
  }
}
