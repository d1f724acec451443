import type { EncodedValue } from './codec.ts';

/**
 * How far behind the reader of messages may be. Some hundred keep both sides busy; of large ones these are few enough for
 * any memory.
 */
export const mostUnread = 256;
export const mostUnreadBytes = 2 ** 20;

/** The reader tells what it has read in parts of the window, so that the other side goes on before it is empty. */
export const toldAtOnce = mostUnread / 4;
export const toldAtOnceBytes = mostUnreadBytes / 4;

/** About: what the other side finds for the same message is never less. */
export function sizeOf(body: EncodedValue): number {
  if (typeof body === 'string') return body.length;
  return (body.buffers ?? []).reduce((sum, { byteLength }) => sum + byteLength, body.bytes.length);
}
