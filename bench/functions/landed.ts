import { writeFileSync } from 'node:fs';
import { wallClock } from './_clock.ts';

/** Writes the time at which it was run, on the clock of `wallClock`, to the file `report`. */
export default function landed({ report }: { readonly report: string }): void {
  const time = wallClock();
  writeFileSync(report, String(time));
}
