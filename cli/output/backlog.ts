import type { FinishedBacklog } from '../backlog/backlog.ts';
import { onOneLine } from './control-characters.ts';
import { formatCount } from './count.ts';
import { exactDuration } from './duration.ts';

/** Says how a backlog went. */
export function describeBacklog(trigger: string, { files, setAside, durationMs }: FinishedBacklog): string {
  const failed = setAside === 0 ? '' : `, ${formatCount(setAside)} set aside`;
  const what = files === 1 ? 'one file' : `${formatCount(files)} files`;
  return `${onOneLine(trigger)}: ${what} in ${exactDuration(durationMs)}${failed}`;
}

/** The same of one that is stopped, with what runs or waits. */
export function describeStoppedBacklog(trigger: string, soFar: FinishedBacklog, left: number): string {
  return `${describeBacklog(trigger, soFar)}; ${formatCount(left)} ${left === 1 ? 'is' : 'are'} left`;
}
