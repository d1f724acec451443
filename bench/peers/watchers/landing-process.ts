import { closeSync, type FSWatcher, openSync, readFileSync, renameSync, watch, writeSync } from 'node:fs';
import path from 'node:path';
import { wallClock } from '../../functions/_clock.ts';
import type { Order, Reply } from './lander.ts';

// The entry of a process that puts files into the inbox, as other programs do: what is measured has its event loop for
// itself, and sleeps when the file lands. So an order to land a file has no answer of its own: it would wake it up.

let landedAt = 0;
let placed: Promise<number> = Promise.reject(new Error('no files were expected'));
placed.catch(() => {});

process.on('message', (order: Order) => void obey(order));
// Whoever gives the orders is gone.
process.on('disconnect', () => process.exit());

async function obey(order: Order): Promise<void> {
  switch (order.do) {
    case 'rename':
      landedAt = wallClock();
      renameSync(order.from, order.to);
      return;
    case 'copy':
      landedAt = copy(order.from, order.to);
      return;
    case 'tell when it landed':
      return reply({ time: landedAt });
    case 'expect':
      placed = untilPlaced(order.files);
      return reply({ time: wallClock() });
    case 'tell when all are in place':
      return reply({ time: await placed });
  }
}

function reply(content: Reply): void {
  process.send?.(content);
}

/** Writes a copy in pieces, as `cp` does; returns the time after the last one. */
function copy(from: string, to: string): number {
  const bytes = readFileSync(from);
  const file = openSync(to, 'wx');
  for (let start = 0; start < bytes.length; start += pieceOfCopy) {
    writeSync(file, bytes.subarray(start, start + pieceOfCopy));
  }
  const time = wallClock();
  closeSync(file);
  return time;
}

/** Resolves when all files have got their names, to the time at which the last one got its. The folders are there. */
function untilPlaced(files: readonly string[]): Promise<number> {
  const missing = new Set(files);
  const watchers: FSWatcher[] = [];
  return new Promise((resolve) => {
    for (const folder of new Set(files.map((file) => path.dirname(file)))) {
      const watcher = watch(folder, (_type, name) => {
        const time = wallClock();
        if (!missing.delete(path.join(folder, String(name))) || missing.size > 0) return;
        for (const each of watchers) each.close();
        resolve(time);
      });
      watchers.push(watcher);
    }
  });
}

// Like `cp`, where it can't have the kernel copy by itself.
const pieceOfCopy = 128 * 1024;
