/** One field of a TIFF's directory. */
export interface Field {
  readonly tag: number;
  /** 1 to 13: what its values are. */
  readonly type: number;
  /** How many values it has. */
  readonly count: number;
  /** The values as they are stored, in the byte order of the file. */
  readonly bytes: Buffer;
}

export interface Directory {
  /** Those whose values are within the file. */
  readonly fields: ReadonlyMap<number, Field>;
  /** The values of a field of whole numbers; none when the directory doesn't have it. */
  numbers(tag: number): number[];
  /** The first of them. */
  number(tag: number): number | undefined;
  /** Whether there are fields whose values are beyond the end of the file. */
  readonly cut: boolean;
}

/** A TIFF in memory: its byte order, and where its first directory is. */
export interface Tiff {
  readonly bytes: Buffer;
  readonly littleEndian: boolean;
  readonly first: number;
}

const classicVersion = 42;
const entryBytes = 12;
const typeShort = 3;
// By type: bytes, text, short, long, ratio, and the same with a sign, two kinds of floating point, directory.
const valueBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

/** Opens a TIFF; undefined for a BigTIFF, which has other directories. */
export function openTiff(bytes: Buffer): Tiff | undefined {
  const littleEndian = bytes.toString('latin1', 0, 2) === 'II';
  if (bytes.length < 8 || readShort({ bytes, littleEndian }, 2) !== classicVersion) return undefined;
  return { bytes, littleEndian, first: readLong({ bytes, littleEndian }, 4) };
}

/** The directory at a place of the file; undefined when it isn't all within the file. */
export function readDirectory(tiff: Tiff, at: number): Directory | undefined {
  const { bytes } = tiff;
  if (at + 2 > bytes.length) return undefined;
  const end = at + 2 + readShort(tiff, at) * entryBytes;
  if (end > bytes.length) return undefined;
  const fields = new Map<number, Field>();
  let cut = false;
  for (let entry = at + 2; entry < end; entry += entryBytes) {
    const [tag, type, count] = [
      readShort(tiff, entry),
      readShort(tiff, entry + 2),
      readLong(tiff, entry + 4),
    ];
    const length = (valueBytes[type] ?? 0) * count;
    // What doesn't fit into the entry is elsewhere.
    const start = length <= 4 ? entry + 8 : readLong(tiff, entry + 8);
    const beyond = start + length > bytes.length;
    cut ||= beyond;
    if (length === 0 || beyond) continue;
    fields.set(tag, { tag, type, count, bytes: bytes.subarray(start, start + length) });
  }
  const numbers = (tag: number, most?: number) => numbersOf(fields.get(tag), tiff.littleEndian, most);
  return { fields, cut, numbers, number: (tag) => numbers(tag, 1)[0] };
}

function numbersOf(
  field: Field | undefined,
  littleEndian: boolean,
  most = Number.POSITIVE_INFINITY,
): number[] {
  if (field === undefined) return [];
  const read = field.type === typeShort ? readShort : readLong;
  const step = valueBytes[field.type] as number;
  if (step !== 2 && step !== 4) return [];
  return Array.from({ length: Math.min(field.count, most) }, (_, index) =>
    read({ bytes: field.bytes, littleEndian }, index * step),
  );
}

function readShort({ bytes, littleEndian }: Omit<Tiff, 'first'>, at: number): number {
  return littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}

function readLong({ bytes, littleEndian }: Omit<Tiff, 'first'>, at: number): number {
  return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}
