/** The parts of a made-up JPEG: real markers around bytes that mean nothing. */
export interface JpegParts {
  /** How many bytes the scans take together. */
  readonly scanBytes?: number;
  /** How many scans: more than one makes it progressive. */
  readonly scans?: number;
  /** Bytes after the end of the image. */
  readonly trailing?: Buffer;
  /** Fills the scans, so that two files of one size differ. */
  readonly fill?: number;
}

/** Makes a JPEG, with a whole thumbnail of its own inside the EXIF segment. */
export function makeJpeg({ scanBytes = 2_000, scans = 1, trailing, fill = 0x5a }: JpegParts = {}): Buffer {
  const thumbnail = Buffer.concat([SOI, frame(0xc0), scan(64, 0x11), EOI]);
  return Buffer.concat([
    SOI,
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), thumbnail])),
    segment(0xdb, Buffer.alloc(65, 1)),
    frame(scans > 1 ? 0xc2 : 0xc0),
    ...Array.from({ length: scans }, () =>
      Buffer.concat([segment(0xc4, Buffer.alloc(28, 2)), scan(Math.ceil(scanBytes / scans), fill)]),
    ),
    EOI,
    trailing ?? Buffer.alloc(0),
  ]);
}

export const SOI = Buffer.from([0xff, 0xd8]);
export const EOI = Buffer.from([0xff, 0xd9]);

/** A marker segment with its length. */
export function segment(code: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, code, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

function frame(code: number): Buffer {
  return segment(code, Buffer.from([8, 0, 16, 0, 16, 1, 1, 0x11, 0]));
}

// With what may stand in a scan and ends nothing: a stuffed FF, restart markers, fill bytes before one.
function scan(bytes: number, fill: number): Buffer {
  const data = Buffer.alloc(bytes, fill);
  const specials = Buffer.from([0xff, 0x00, 0xff, 0xd0, 0xff, 0xff, 0xd7, 0xff, 0x00]);
  for (let at = 16; at + specials.length < bytes; at += 512) specials.copy(data, at);
  return Buffer.concat([segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])), data]);
}
