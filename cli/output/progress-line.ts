import type { WriteStream } from 'node:tty';
import { onOneLine } from './control-characters.ts';
import { formatCount } from './count.ts';
import { roughDuration } from './duration.ts';
import { styleOf } from './terminal.ts';

/** How far many things of a kind have come. */
export interface Progress {
  /** What does them. */
  readonly name: string;
  /** What they are called: `items`. */
  readonly kind: string;
  readonly ended: number;
  /** Undefined where nobody knows how many there are. */
  readonly total: number | undefined;
  /** How many of those that have ended have failed. */
  readonly failed: number;
  /** Undefined where nothing can be said yet. */
  readonly perSecond: number | undefined;
  readonly hasBar: boolean;
}

/** One line that shows it on a stream. Where it is too long for so many columns, what can be spared is left out. */
export function progressLine(progress: Progress, columns: number, stream: WriteStream): string {
  const parts = partsOf(progress);
  for (const name of spared) {
    if (textOf(parts).length > columns) delete parts[name];
  }
  const text = textOf(parts);
  if (text.length > columns) return text.slice(0, Math.max(0, columns));
  const { failed } = parts;
  return failed === undefined ? text : textOf({ ...parts, failed: styleOf(stream).red(failed) });
}

type Part = 'name' | 'bar' | 'counts' | 'speed' | 'left' | 'failed';
type Parts = Partial<Record<Part, string>>;

/** The first is missed the least. */
const spared: readonly Part[] = ['bar', 'speed', 'name', 'left', 'failed'];

/** In the order of the line. */
function partsOf({ name, kind, ended, total, failed, perSecond, hasBar }: Progress): Parts {
  const counts =
    total === undefined ? `${formatCount(ended)} ${kind}` : `${formatCount(ended)}/${formatCount(total)}`;
  return {
    name: onOneLine(name),
    ...(hasBar && total !== undefined && { bar: barOf(ended / Math.max(1, total)) }),
    counts,
    ...(perSecond !== undefined && { speed: speedOf(perSecond, kind) }),
    ...(perSecond !== undefined &&
      total !== undefined &&
      ended < total && { left: `${roughDuration((1000 * (total - ended)) / perSecond)} left` }),
    ...(failed > 0 && { failed: `${formatCount(failed)} failed` }),
  };
}

function textOf(parts: Parts): string {
  return Object.values(parts).join('  ');
}

function barOf(share: number): string {
  const full = Math.floor(share * barColumns);
  return '█'.repeat(full) + '░'.repeat(barColumns - full);
}

const barColumns = 20;

function speedOf(perSecond: number, kind: string): string {
  // From there on a tenth would be all that changes.
  if (perSecond < 0.1) return `${shortNumber(perSecond * 60)} ${kind}/min`;
  return `${shortNumber(perSecond)} ${kind}/s`;
}

function shortNumber(value: number): string {
  return value < 100 ? value.toFixed(1) : formatCount(Math.round(value));
}
