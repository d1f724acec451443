// A plain function: no types, no import of warm-pool, its settings beside it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * @param {{ src: string, algorithm?: string }} args
 * @param {import('warm-pool').FunctionContext} ctx
 */
export default async function checksum({ src, algorithm = 'sha256' }, ctx) {
  const file = path.resolve(ctx.cwd, src);
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash, { signal: ctx.signal });
  return { src: file, algorithm, checksum: hash.digest('hex') };
}

export const config = {
  description: 'Computes the checksum of a file',
  timeout: '5 min',
};
