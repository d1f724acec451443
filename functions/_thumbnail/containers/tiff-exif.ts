import { type Directory, type Field, openTiff, readDirectory, type Tiff } from './tiff-directory.ts';

const exifTag = 0x8769;
const gpsTag = 0x8825;
const interoperabilityTag = 0xa005;
const orientationTag = 0x0112;

// What the first directory of an EXIF block says of a photo: description, camera, orientation, program, date,
// author, computer, rating, copyright, and the titles, comments and keywords of Windows. All else there is of how
// the TIFF stores its picture.
const describing = [
  ...[0x010e, 0x010f, 0x0110, orientationTag, 0x0131, 0x0132, 0x013b, 0x013c],
  ...[0x4746, 0x4749, 0x8298, 0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f],
];

/**
 * The EXIF of a TIFF as a block of its own. In a TIFF it isn't one: its fields stand among those of the picture.
 * Each field keeps its bytes; undefined when there is none but an ordinary orientation, or when the fields have more
 * bytes than the file: real ones don't overlap, and a file of 3 MB could be made to have 600 MB of them.
 */
export function exifOfTiff(bytes: Buffer): Buffer | undefined {
  const tiff = openTiff(bytes);
  const first = tiff && readDirectory(tiff, tiff.first);
  if (tiff === undefined || first === undefined) return undefined;
  const fields = describing.flatMap((tag) => first.fields.get(tag) ?? []);
  const branches = [
    ...branchesOf(tiff, first, exifTag, (exif) => branchesOf(tiff, exif, interoperabilityTag)),
    ...branchesOf(tiff, first, gpsTag),
  ];
  const tilted = (first.number(orientationTag) ?? 1) !== 1;
  if (branches.length === 0 && !tilted && fields.every(({ tag }) => tag === orientationTag)) return undefined;
  const root = { fields, branches };
  return bytesIn(root) > bytes.length ? undefined : writeBlock(tiff.littleEndian, root);
}

interface Node {
  readonly fields: readonly Field[];
  /** The directories that hang on this one, by the tag that points to them. */
  readonly branches: readonly (Node & { readonly tag: number })[];
}

/** How many bytes the values of a directory and its branches have. */
function bytesIn({ fields, branches }: Node): number {
  const own = fields.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return branches.reduce((sum, branch) => sum + bytesIn(branch), own);
}

function branchesOf(
  tiff: Tiff,
  parent: Directory,
  tag: number,
  furtherOf: (directory: Directory) => Node['branches'] = () => [],
): Node['branches'] {
  const at = parent.number(tag);
  const directory = at === undefined ? undefined : readDirectory(tiff, at);
  if (directory === undefined) return [];
  const fields = [...directory.fields.values()].filter((field) => field.tag !== interoperabilityTag);
  return [{ tag, fields, branches: furtherOf(directory) }];
}

const typeLong = 4;
const entryBytes = 12;

function writeBlock(littleEndian: boolean, root: Node): Buffer {
  const number = (value: number, bytes: 2 | 4) => {
    const buffer = Buffer.alloc(bytes);
    if (littleEndian) buffer.writeUIntLE(value, 0, bytes);
    else buffer.writeUIntBE(value, 0, bytes);
    return buffer;
  };

  /** A directory for the place `at`; behind it what doesn't fit into its entries, and its branches. */
  const directory = ({ fields, branches }: Node, at: number): Buffer => {
    const behind: Buffer[] = [];
    let behindAt = at + 2 + (fields.length + branches.length) * entryBytes + 4;
    const placed = (bytes: Buffer) => {
      const start = behindAt;
      // Each begins at an even place.
      behind.push(bytes, Buffer.alloc(bytes.length % 2));
      behindAt += bytes.length + (bytes.length % 2);
      return number(start, 4);
    };
    const entries = [...fields, ...branches]
      .sort((a, b) => a.tag - b.tag)
      .map((entry) => {
        const tag = number(entry.tag, 2);
        if ('branches' in entry) {
          return [tag, number(typeLong, 2), number(1, 4), placed(directory(entry, behindAt))];
        }
        const { type, count, bytes } = entry;
        const value =
          bytes.length > 4 ? placed(bytes) : Buffer.concat([bytes, Buffer.alloc(4 - bytes.length)]);
        return [tag, number(type, 2), number(count, 4), value];
      });
    // No directory follows it.
    return Buffer.concat([number(entries.length, 2), ...entries.flat(), number(0, 4), ...behind]);
  };

  const start = Buffer.concat([
    Buffer.from(littleEndian ? 'II' : 'MM', 'latin1'),
    number(42, 2),
    number(8, 4),
  ]);
  return Buffer.concat([start, directory(root, start.length)]);
}
