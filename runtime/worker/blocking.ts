import type { Stream } from 'node:stream';

/**
 * Has writes to a pipe or a socket return only when all of it is written: what the runtime is too busy to read would else
 * wait in this process, without a limit, and be lost with it. So a function that tells faster than it is heard waits.
 */
export function makeBlocking(stream: Stream): void {
  (stream as Blockable)._handle?.setBlocking?.(true);
}

/** A stream of Node's, as far as it is not documented. */
interface Blockable {
  readonly _handle?: { setBlocking?(isBlocking: boolean): unknown };
}
