import type { InvocationFigures } from '../../runtime/server/client.ts';

/** Prints the closing line of an invocation on stderr; nothing when it never ran. */
export function printReportLine(functionName: string, figures: InvocationFigures): void {
  const { invocationId, attempt, durationMs, queueMs = 0, initMs = 0, memoryMB, worker } = figures;
  if (durationMs === undefined) return;
  const columns = [
    `REPORT ${functionName} ${invocationId} duration ${Math.round(durationMs)} ms`,
    `queued ${Math.round(queueMs)} ms`,
    `init ${Math.round(initMs)} ms (${initMs === 0 ? 'warm' : 'cold'})`,
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(memoryMB === undefined ? [] : [`memory ${Math.round(memoryMB)} MB`]),
    `worker ${worker}`,
  ];
  process.stderr.write(`${columns.join('  ')}\n`);
}
