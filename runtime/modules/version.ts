import { createHash } from 'node:crypto';
import fs from 'node:fs';

/**
 * Names the content of a function's module, as `ctx.version` shows it: the first 8 hexadecimal digits of its SHA-1.
 * @throws the error of reading the file
 */
export function versionOf(file: string): string {
  return createHash('sha1').update(fs.readFileSync(file)).digest('hex').slice(0, 8);
}
