import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What the landing process is told. All but `rename` and `copy` are answered with a {@link Reply}. */
export type Order =
  | { readonly do: 'rename' | 'copy'; readonly from: string; readonly to: string }
  | { readonly do: 'expect'; readonly files: readonly string[] }
  | { readonly do: 'tell when it landed' | 'tell when all are in place' };

/** A time on the clock of `wallClock`. */
export interface Reply {
  readonly time: number;
}

/** Puts files into a folder, by another process. */
export interface Lander {
  /** `rename`: within the file system. `copy`: written in pieces. */
  land(how: 'rename' | 'copy', from: string, to: string): void;
  /** Resolves to when the last file had landed: just before it was renamed, or just after its last piece was written. */
  landedAt(): Promise<number>;
  /** From now on the appearance of these files is awaited. Their folders must be there. */
  expect(files: readonly string[]): Promise<void>;
  /** Resolves when all of them are there, to when the last one had appeared. */
  placedAt(): Promise<number>;
}

const landing = fileURLToPath(new URL('./landing-process.js', import.meta.url));

/** Starts the process, which ends with this one. Resolves when it takes orders. */
export async function startLander(): Promise<Lander> {
  const child = fork(landing);
  const gone = new AbortController();
  child.once('exit', () => gone.abort());

  async function ask(order: Order): Promise<number> {
    const answer = once(child, 'message', { signal: gone.signal });
    child.send(order);
    const [{ time }] = (await answer) as [Reply];
    return time;
  }
  await ask({ do: 'tell when it landed' });
  return {
    land: (how, from, to) => void child.send({ do: how, from, to } satisfies Order),
    landedAt: () => ask({ do: 'tell when it landed' }),
    expect: async (files) => void (await ask({ do: 'expect', files })),
    placedAt: () => ask({ do: 'tell when all are in place' }),
  };
}
