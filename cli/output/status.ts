import type { ControlStatus } from '../../runtime/server/client.ts';
import { formatDuration } from './duration.ts';
import { formatTable } from './table.ts';

/** Prints what a running runtime says of itself. */
export function printStatus(status: ControlStatus): void {
  const { version, pid, state, uptimeMs, root, config, stats, triggers } = status;
  const { workers, queued, running, pools, functions } = stats;
  const about = [
    ['project', root],
    ['configuration', config ?? 'none'],
    ['invocations', `${running} running, ${queued} queued`],
    ...triggers.map(({ kind, id, functions: names }) => ['trigger', `${kind} ${id} → ${names.join(', ')}`]),
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
    ].join('\n'),
  );
}

function medianAndMost({ count, p50, p99 }: Durations): string[] {
  return [p50, p99].map((ms) => (count === 0 ? '-' : formatMs(ms)));
}

type Durations = ControlStatus['stats']['pools'][string]['run'];

/** Percentiles are right to 3 %: more than two digits would say nothing. */
function formatMs(ms: number): string {
  return `${ms < 10 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`;
}
