import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { compiled, repository } from './places.ts';
import { endProcessGroup, signalGroup } from './process-group.ts';
import type { Job, Readings } from './subject.ts';

/** What a measuring process answers. */
export type Answer = { readonly readings: Readings } | { readonly error: string };

// The slowest measurement takes up 100,000 files for the first time, in one to three minutes as the disk likes: whatever
// needs this long hangs.
const deadlineMs = 600_000;
const stderrLines = 5;

/**
 * Measures once in a process of its own and waits until that process and all it started are gone. The process
 * leads a group of its own, so that a Ctrl-C reaches it through us alone and nothing it started can stay behind.
 */
export async function takeReadings(job: Job, signal: AbortSignal): Promise<Readings> {
  signal.throwIfAborted();
  const child = spawn(
    process.execPath,
    [path.join(compiled, 'harness/measuring-process.js'), JSON.stringify(job)],
    // stdin stays open and unused: its end tells the process that we are gone. The answer comes on the fourth.
    { detached: true, stdio: ['pipe', 'ignore', 'pipe', 'pipe'] },
  );
  await once(child, 'spawn');
  const { pid, stderr } = child;
  if (pid === undefined || stderr === null) {
    throw new Error('Expected a spawned process to have an id and the pipes it was given');
  }

  const kill = () => signalGroup(pid, 'SIGKILL');
  const deadline = AbortSignal.timeout(deadlineMs);
  const ended = AbortSignal.any([signal, deadline]);
  ended.addEventListener('abort', kill, { once: true });
  if (ended.aborted) {
    kill();
  }
  // A worker that outlives the process would hold stderr open.
  child.once('exit', kill);
  try {
    const [answer, said] = await Promise.all([
      text(child.stdio[3] as Readable),
      text(stderr),
      once(child, 'exit'),
    ]);
    signal.throwIfAborted();
    if (deadline.aborted) {
      throw new Error(`gave no answer within ${deadlineMs / 1000} s`);
    }
    return readingsOf(answer, child, lastLinesOf(said));
  } finally {
    ended.removeEventListener('abort', kill);
    await endProcessGroup(pid);
  }
}

function readingsOf(answer: string, { exitCode, signalCode }: ChildProcess, said: string): Readings {
  const quote = said === '' ? '' : `; it said: ${said}`;
  if (answer === '') {
    throw new Error(`ended without an answer, with ${signalCode ?? `exit code ${exitCode}`}${quote}`);
  }
  const parsed: Answer = JSON.parse(answer);
  if ('error' in parsed) {
    throw new Error(`${parsed.error}${quote}`);
  }
  return parsed.readings;
}

// Without the path of the checkout: reports are published, and it is nobody's business.
function lastLinesOf(stderr: string): string {
  return stderr.trim().split('\n').slice(-stderrLines).join(' | ').replaceAll(repository, '.');
}
