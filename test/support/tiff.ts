type Values = number[] | Buffer;

/** A field of a TIFF: its tag, the type of its values, and these. */
export type TiffField = readonly [
  tag: number,
  type: 'byte' | 'text' | 'short' | 'long' | 'any',
  values: Values,
];

export interface TiffOptions {
  width: number;
  height: number;
  /** The samples, row by row, as they are stored. */
  samples: Buffer;
  /** Bits per sample. */
  bits?: number;
  /** 1 grey, 2 RGB, 5 CMYK. */
  photometric: 1 | 2 | 5;
  channels: number;
  compression?: number;
  fields?: TiffField[];
  /** Fields of directories of their own, by the tag of the first directory that points to each. */
  directories?: Record<number, TiffField[]>;
}

const types = { byte: 1, text: 2, short: 3, long: 4, any: 7 };
const widths = { byte: 1, text: 1, short: 2, long: 4, any: 1 };

/**
 * A TIFF with its directories in front of the picture, as cameras and scanners write it and sharp doesn't; the picture
 * is in strips of 20 rows.
 */
export function makeTiff({
  width,
  height,
  samples,
  bits = 8,
  photometric,
  channels,
  compression = 1,
  fields = [],
  directories = {},
}: TiffOptions): Buffer {
  const rowBytes = (width * channels * bits) / 8;
  const strips = Array.from({ length: Math.ceil(height / 20) }, (_, index) => index * 20);
  const lengths = strips.map((row) => Math.min(20, height - row) * rowBytes);
  const alpha: TiffField[] = channels > { 1: 1, 2: 3, 5: 4 }[photometric] ? [[338, 'short', [2]]] : [];
  const all = (pictureAt: number, directoriesAt: number[]): TiffField[] => [
    [256, 'long', [width]],
    [257, 'long', [height]],
    [258, 'short', Array(channels).fill(bits)],
    [259, 'short', [compression]],
    [262, 'short', [photometric]],
    [273, 'long', strips.map((row) => pictureAt + row * rowBytes)],
    [277, 'short', [channels]],
    [278, 'long', [20]],
    [279, 'long', lengths],
    ...alpha,
    ...fields,
    ...Object.keys(directories).map(
      (tag, index): TiffField => [Number(tag), 'long', [directoriesAt[index] ?? 0]],
    ),
  ];
  // Where things are makes no difference to how long they are.
  const below: Buffer[] = [];
  const belowAt: number[] = [];
  let at = 8 + directory(all(0, []), 8).length;
  for (const each of Object.values(directories)) {
    const written = directory(each, at);
    below.push(written);
    belowAt.push(at);
    at += written.length;
  }
  const header = Buffer.from('II*\0\x08\0\0\0', 'latin1');
  return Buffer.concat([header, directory(all(at, belowAt), 8), ...below, samples]);
}

function directory(fields: TiffField[], at: number): Buffer {
  const head = Buffer.alloc(2 + fields.length * 12 + 4);
  head.writeUInt16LE(fields.length);
  const behind: Buffer[] = [];
  let behindAt = at + head.length;
  for (const [index, [tag, type, values]] of [...fields].sort((a, b) => a[0] - b[0]).entries()) {
    const bytes = Buffer.isBuffer(values) ? values : numbers(values, widths[type]);
    const entry = 2 + index * 12;
    head.writeUInt16LE(tag, entry);
    head.writeUInt16LE(types[type], entry + 2);
    head.writeUInt32LE(bytes.length / widths[type], entry + 4);
    if (bytes.length <= 4) {
      bytes.copy(head, entry + 8);
    } else {
      head.writeUInt32LE(behindAt, entry + 8);
      const padded = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)]);
      behind.push(padded);
      behindAt += padded.length;
    }
  }
  return Buffer.concat([head, ...behind]);
}

function numbers(values: number[], width: number): Buffer {
  const bytes = Buffer.alloc(values.length * width);
  for (const [index, value] of values.entries()) bytes.writeUIntLE(value, index * width, width);
  return bytes;
}
