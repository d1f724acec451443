import type { ControlStatus } from '../../runtime/server/client.ts';
import { formatDuration } from './duration.ts';
import { formatTable } from './table.ts';

/** Prints what a running runtime says of itself. */
export function printStatus(status: ControlStatus): void {
  const { version, pid, state, uptimeMs, root, config, stats, triggers } = status;
  const { workers, queued, running, functions } = stats;
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
  const functionRows = Object.entries(functions).map(([name, counts]) => [
    name,
    String(counts.invocations),
    String(counts.succeeded),
    String(counts.failed),
    String(counts.timedOut),
    String(counts.crashed),
    String(counts.cancelled),
  ]);
  process.stdout.write(
    [
      `warm-pool ${version} runs with pid ${pid} for ${formatDuration(uptimeMs)}${state === 'stopping' ? ' and is stopping' : ''}.\n`,
      formatTable(about),
      formatTable([['WORKER', 'PID', 'POOL', 'STATE', 'MEMORY', 'INVOCATIONS'], ...workerRows]),
      formatTable([
        ['FUNCTION', 'INVOCATIONS', 'SUCCEEDED', 'FAILED', 'TIMED OUT', 'CRASHED', 'CANCELLED'],
        ...functionRows,
      ]),
    ].join('\n'),
  );
}
