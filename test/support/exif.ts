import sharp from 'sharp';

/** A photo's EXIF block from its byte order on, whatever stands before it; undefined when it has none. */
export async function exifBlockOf(photo: Buffer | string): Promise<Buffer | undefined> {
  const { exif } = await sharp(photo).metadata();
  return exif?.toString('latin1', 0, 4) === 'Exif' ? exif.subarray(6) : exif;
}

/** The fields of a block's directories, each by its tag; what a text says, and other values as hexadecimal numbers. */
export function exifFields(block: Buffer): Record<string, string> {
  const little = block.toString('latin1', 0, 2) === 'II';
  const number = (at: number, bytes: 2 | 4) =>
    little ? block.readUIntLE(at, bytes) : block.readUIntBE(at, bytes);
  const found: Record<string, string> = {};
  const read = (directory: number, name: string) => {
    for (let index = 0; index < number(directory, 2); index++) {
      const entry = directory + 2 + index * 12;
      const [tag, type, count] = [number(entry, 2), number(entry + 2, 2), number(entry + 4, 4)];
      const branch = { 34665: 'exif', 34853: 'gps', 40965: 'interoperability' }[tag];
      if (branch !== undefined) {
        read(number(entry + 8, 4), branch);
        continue;
      }
      const length = count * ([0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8][type] ?? 0);
      const at = length > 4 ? number(entry + 8, 4) : entry + 8;
      const bytes = block.subarray(at, at + length);
      found[`${name} ${tag}`] =
        type === 2 ? bytes.toString('latin1').replace(/\0$/, '') : bytes.toString('hex');
    }
  };
  read(number(4, 4), 'first');
  return found;
}
