/**
 * Makes sure that what a function prints survives `process.exit`: on POSIX, writes to a pipe are synchronous in Node
 * already; a pipe whose reader is gone must not end the worker with EPIPE before its watchdog does.
 */
export function keepOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
