import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { InvocationStream } from 'warm-pool';
import type { Running } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { notesOf } from './support.ts';

/** Functions that give parts. */
export const streams = {
  // Writes a byte before each part, and a note when it is closed.
  'functions/count.js': `
    import fs from 'node:fs';
    const given = fs.openSync(new URL('../given', import.meta.url), 'a');
    const note = (what) => fs.appendFileSync(new URL('../notes', import.meta.url), what + ';');
    export default async function* ({ to = Infinity, bytes }, { signal, attempt }) {
      note('begun ' + attempt);
      signal.addEventListener('abort', () => note('aborted'));
      try {
        for (let index = 0; index < to; index++) {
          fs.writeSync(given, '.');
          yield bytes === undefined ? index : Buffer.alloc(bytes, index);
        }
        return 'all';
      } finally {
        note('closed');
      }
    }`,
};

/** How many parts `count` has made, in all runs. */
export function givenOf({ project }: Running): number {
  return project.has('given') ? fs.statSync(project.path('given')).size : 0;
}

export function isClosed(running: Running): boolean {
  return notesOf(running).includes('closed');
}

/** All that is left of a stream, and then what its function has returned. */
export async function readAll<Part, Return>(
  stream: InvocationStream<Part, Return>,
): Promise<[Part[], Return]> {
  const parts: Part[] = [];
  for (;;) {
    const step = await within('the next part', stream.next());
    if (step.done) return [parts, step.value];
    parts.push(step.value);
  }
}

/** The parts that come before the error, and that. */
export async function readToError(stream: InvocationStream): Promise<[unknown[], Error]> {
  const parts: unknown[] = [];
  try {
    for (;;) {
      const step = await within('the next part', stream.next());
      assert(!step.done, `expected an error, but it ended after ${parts.length} parts`);
      parts.push(step.value);
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.deepEqual(await stream.next(), { value: undefined, done: true }, 'the error is told once');
    return [parts, error as Error];
  }
}

/** Lets all that is on its way arrive, and what it leads to: other workers do as much as takes longer. */
export async function passTime({ runtime }: Running): Promise<void> {
  for (let round = 0; round < 50; round++) await within('an echo', runtime.invoke('echo', round));
}
