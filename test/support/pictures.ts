import sharp, { type Sharp } from 'sharp';
import { picture } from './photos.ts';
import type { Samples } from './psnr.ts';
import { makeTiff, type TiffField } from './tiff.ts';

/** The kinds of photos beside JPEG, each from the same picture. AVIF is slow to write: its fixtures are quick ones. */
export const kinds = {
  png: (from: Sharp) => from.png(),
  webp: (from: Sharp) => from.webp({ quality: 95 }),
  tiff: (from: Sharp) => from.tiff({ compression: 'lzw' }),
  gif: (from: Sharp) => from.gif(),
  avif: (from: Sharp) => from.avif({ quality: 95, effort: 0 }),
} as const;

export type Kind = keyof typeof kinds;

/** What is to be seen of a picture: 8 bits of grey or RGB, with alpha if it has some; the profile isn't applied. */
export async function seen(file: Buffer | string): Promise<Samples> {
  const { data, info } = await sharp(file, { ignoreIcc: true })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** The test picture with an alpha that grows from left to right, from nothing to all. */
export async function translucent(width = 300, height = 200): Promise<Sharp> {
  const { data } = await picture(width, height).raw().toBuffer({ resolveWithObject: true });
  const samples = Buffer.alloc(width * height * 4);
  for (let at = 0; at < width * height; at++) {
    data.copy(samples, at * 4, at * 3, at * 3 + 3);
    samples[at * 4 + 3] = Math.round(((at % width) / (width - 1)) * 255);
  }
  return sharp(samples, { raw: { width, height, channels: 4 } });
}

/** Several pictures one after another in one file: the test picture first, then its negative. */
export async function animated(width = 300, height = 200): Promise<Sharp> {
  const frames = [picture(width, height), picture(width, height).negate()];
  return sharp(await Promise.all(frames.map((frame) => frame.png().toBuffer())), {
    join: { animated: true },
  });
}

/** The test picture as a TIFF in CMYK, of 8 or 16 bits, with a profile or without. */
export async function cmykTiff({ bits = 8, profile = Buffer.alloc(0) } = {}): Promise<Buffer> {
  const [width, height] = [300, 200];
  const inCmyk = await picture(width, height).toColourspace('cmyk').tiff().toBuffer();
  const data = await sharp(inCmyk).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer();
  // 257 times a sample of 8 bits is the same in 16.
  const samples = bits === 8 ? data : Buffer.from(Uint16Array.from(data, (sample) => sample * 257).buffer);
  const fields: TiffField[] = profile.length === 0 ? [] : [[34675, 'any', profile]];
  return makeTiff({ width, height, samples, bits, photometric: 5, channels: 4, fields });
}
