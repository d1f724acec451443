import { Console } from 'node:console';

/** Sends what a configuration prints with `console` to stderr: stdout holds the result alone. */
export function printConsoleOnStderr(): void {
  const onStderr = new Console(process.stderr, process.stderr);
  Object.assign(console, onStderr);
}
