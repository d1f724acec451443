import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Whereabouts } from '../../functions/whereabouts.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import type { Pool } from './pool.ts';
import { taskModule } from './task-module.ts';

/** What goes to the other process: the task and its argument. */
export type Call = readonly [task: 'echo' | 'whereabouts', args?: unknown];

/** The descriptor that both ends agree on: the first after stdin, stdout and stderr. */
export const socketDescriptor = 3;

/**
 * The floor: one process at the other end of a socket, a write for each call, no errors, no timeouts.
 * What a pool needs beyond it is what the pool itself costs.
 */
export async function open(): Promise<Pool> {
  const worker = spawn(process.execPath, [taskModule('socket-worker')], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const socket = worker.stdio[socketDescriptor] as Socket;
  const waiting: ((result: unknown) => void)[] = [];
  readJsonLines(socket, (result) => waiting.shift()?.(result));

  function call(...request: Call): Promise<unknown> {
    return new Promise((resolve) => {
      waiting.push(resolve);
      writeJsonLine(socket, request);
    });
  }
  return {
    echo: (args) => call('echo', args),
    whereabouts: () => call('whereabouts') as Promise<Whereabouts>,
    close: async () => {
      socket.end();
      await once(worker, 'exit');
    },
  };
}
