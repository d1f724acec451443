/** What Node doesn't document of its streams, and what there is without it. */
import type { Socket } from 'node:net';
import type { Stream } from 'node:stream';

interface Handled {
  readonly _handle?: { readonly fd?: number; setBlocking?(isBlocking: boolean): unknown } | null;
}

/**
 * Has writes to a pipe or a socket return only when all of it is written: what the other side is too busy to read would
 * else wait in this process, without a limit, and be lost with it. Where that can't be had it does nothing.
 */
export function makeBlocking(stream: Stream): void {
  (stream as Handled)._handle?.setBlocking?.(true);
}

/** The file descriptor of an open socket; undefined where there is none. */
export function fdOf(socket: Socket): number | undefined {
  const fd = (socket as Handled)._handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
}
