import type { Socket } from 'node:net';

/** Calls `onValue` for each line of JSON that arrives whole. Nothing but what a floor needs. */
export function readJsonLines(socket: Socket, onValue: (value: unknown) => void): void {
  let pending = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    pending += chunk;
    for (let end = pending.indexOf('\n'); end !== -1; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      onValue(JSON.parse(line));
    }
  });
}

/** Writes one value as a line of JSON. */
export function writeJsonLine(socket: Socket, value: unknown): void {
  socket.write(`${JSON.stringify(value)}\n`);
}
