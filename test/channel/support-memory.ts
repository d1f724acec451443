import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import { isWorthMapping } from '../../runtime/channel/mapping.ts';

export const skipMemory = fs.existsSync('/dev/shm') ? false : 'this platform has no folder in memory';

export const randomBytes = (length: number) => randomFillSync(new Uint8Array(length));

export function equal(a: Uint8Array, b: ArrayBuffer | undefined): boolean {
  return b !== undefined && Buffer.from(b).equals(a);
}

/** From here on this process maps the files it shares; before it has used system calls. */
export function beginMapping(): void {
  assert(isWorthMapping(60_000_000), 'files can not be mapped here: is koffi installed?');
}

/** How many of the files that this process shares are mapped. */
export function mappedFiles(): number {
  return fs.readFileSync('/proc/self/maps', 'utf8').split('.warm-pool-').length - 1;
}
