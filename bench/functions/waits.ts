import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What is waited for: a timer, the answer of a server, or the content of a file. */
export type Wait =
  | { readonly kind: 'timer'; readonly ms: number }
  | { readonly kind: 'server'; readonly port: number }
  | { readonly kind: 'file'; readonly path: string };

/** Waits, which is all it does, and returns how much has come: ms of a timer, bytes of the others. */
export default async function waits(wait: Wait): Promise<number> {
  switch (wait.kind) {
    case 'timer':
      await delay(wait.ms);
      return wait.ms;
    case 'file':
      return (await readFile(wait.path)).length;
    case 'server': {
      const socket = connect(wait.port, '127.0.0.1');
      let bytes = 0;
      socket.on('data', (chunk) => {
        bytes += chunk.length;
      });
      await once(socket, 'close');
      return bytes;
    }
  }
}
