import assert from 'node:assert/strict';
import sharp from 'sharp';

export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Buffer;
}

/** A picture's own samples: as stored, not converted by its profile, not turned by its orientation, CMYK as CMYK. */
export async function samplesOf(jpeg: Buffer): Promise<Samples> {
  const { channels } = await sharp(jpeg).metadata();
  const picture = sharp(jpeg, { ignoreIcc: true });
  if (channels === 1) picture.toColourspace('b-w');
  if (channels === 4) picture.pipelineColourspace('cmyk').toColourspace('cmyk');
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/**
 * How close two pictures of the same size are: peak signal-to-noise ratio over all samples, in dB. Infinity
 * for equal ones; from 30 on it takes a good look to tell them apart; a negative of a photo has less than 10.
 */
export function psnr(a: Samples, b: Samples): number {
  const shape = ({ width, height, channels }: Samples) => ({ width, height, channels });
  assert.deepEqual(shape(a), shape(b));
  let squares = 0;
  for (let index = 0; index < a.data.length; index++) {
    squares += ((a.data[index] as number) - (b.data[index] as number)) ** 2;
  }
  return 10 * Math.log10(255 ** 2 / (squares / a.data.length));
}
