import { createHash } from 'node:crypto';
import fs from 'node:fs';

/**
 * Names the content of a function's module, as `ctx.version` shows it: the first 8 hexadecimal digits of its SHA-1.
 * @throws the error of reading the file
 */
export function versionOf(file: string): string {
  return versionOfContent(fs.readFileSync(file));
}

/** The same of what was read from it. */
export function versionOfContent(content: string | Uint8Array): string {
  return createHash('sha1').update(content).digest('hex').slice(0, 8);
}
