import type { FileInfo } from '../../runtime/index.ts';
import { type ControlStatus, receiptStates } from '../../runtime/server/client.ts';
import { onOneLine } from './control-characters.ts';
import { formatDuration } from './duration.ts';
import { pathText } from './files.ts';
import { formatTable } from './table.ts';

/** Prints what a running runtime says of itself; `setAside` are some of the files that its triggers have given up. */
export function printStatus(status: ControlStatus, setAside: readonly FileInfo[]): void {
  const { version, pid, state, uptimeMs, root, config, stats, triggers } = status;
  const { workers, queued, running, pools, functions } = stats;
  const about = [
    ['project', root],
    ['configuration', config ?? 'none'],
    ['invocations', `${running} running, ${queued} queued`],
    ...triggers.map((each) => ['trigger', triggerText(each)]),
  ];
  const workerRows = workers.map((each) => [
    String(each.id),
    each.threadId === undefined ? String(each.pid ?? '-') : `thread ${each.threadId}`,
    each.pool,
    each.state,
    `${Math.round(each.memoryMB)} MB`,
    String(each.invocations),
  ]);
  const poolRows = Object.entries(pools).map(([name, { workers: count, utilisation, starts, run, wait }]) => [
    name,
    String(count),
    `${Math.round(100 * utilisation)} %`,
    String(starts),
    ...medianAndMost(run),
    ...medianAndMost(wait),
  ]);
  const functionRows = Object.entries(functions).map(([name, counts]) => [
    name,
    String(counts.invocations),
    String(counts.succeeded),
    String(counts.failed),
    String(counts.timedOut),
    String(counts.crashed),
    String(counts.cancelled),
    ...medianAndMost(counts.run),
  ]);
  process.stdout.write(
    [
      `warm-pool ${version} runs with pid ${pid} for ${formatDuration(uptimeMs)}${state === 'stopping' ? ' and is stopping' : ''}.\n`,
      formatTable(about),
      formatTable([
        ['POOL', 'WORKERS', 'BUSY', 'STARTS', 'RUN P50', 'RUN P99', 'WAIT P50', 'WAIT P99'],
        ...poolRows,
      ]),
      formatTable([['WORKER', 'PID', 'POOL', 'STATE', 'MEMORY', 'INVOCATIONS'], ...workerRows]),
      formatTable([
        [
          'FUNCTION',
          'INVOCATIONS',
          'SUCCEEDED',
          'FAILED',
          'TIMED OUT',
          'CRASHED',
          'CANCELLED',
          'RUN P50',
          'RUN P99',
        ],
        ...functionRows,
      ]),
      ...setAsideText(triggers, setAside),
    ].join('\n'),
  );
}

/** As in `watch inbox:checksum → checksum: 12 done, 1 set aside`. */
function triggerText({ kind, id, functions, hasFiles, counts, nextAt }: TriggerInfo): string {
  const groups = hasFiles ? receiptStates.filter((state) => counts[state]) : Object.keys(counts);
  const counted = groups.map((group) => `${counts[group]} ${inWords[group] ?? group}`);
  if (hasFiles && counted.length === 0) counted.push('no files yet');
  if (nextAt !== undefined)
    counted.push(`next in ${formatDuration(Math.max(0, Date.parse(nextAt) - Date.now()))}`);
  const text = `${kind} ${id} → ${functions.join(', ')}`;
  return counted.length === 0 ? text : `${text}: ${counted.join(', ')}`;
}

const inWords: Readonly<Record<string, string>> = { setAside: 'set aside', output: 'outputs' };

function setAsideText(triggers: readonly TriggerInfo[], files: readonly FileInfo[]): string[] {
  if (files.length === 0) return [];
  const rows = files.map(({ path, reason = '' }) => [pathText(path), onOneLine(reason)]);
  const all = triggers.reduce((sum, { hasFiles, counts }) => sum + ((hasFiles && counts.setAside) || 0), 0);
  const more = all - files.length;
  return [
    formatTable([['SET ASIDE', 'REASON'], ...rows]) +
      (more > 0 ? `${more} more: pool files --state setAside\n` : ''),
  ];
}

type TriggerInfo = ControlStatus['triggers'][number];

function medianAndMost({ count, p50, p99 }: Durations): string[] {
  return [p50, p99].map((ms) => (count === 0 ? '-' : formatMs(ms)));
}

type Durations = ControlStatus['stats']['pools'][string]['run'];

/** Percentiles are right to 3 %: more than two digits would say nothing. */
function formatMs(ms: number): string {
  return `${ms < 10 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`;
}
