/** Whether something that was printed could not be written. */
interface Output {
  readonly isLost: boolean;
}

/**
 * Tells in one paragraph that stdout can't be written, as on a full disk, and calls back. `pool … | head` is no such
 * case: who reads our output has seen enough, which is no error of ours (see whenUnread). So is a terminal that was closed.
 */
export function watchOutput({ onLost }: { onLost: () => void }): Output {
  const output = { isLost: false };
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      if (readerIsGone.has(code) || output.isLost) return;
      output.isLost = true;
      // Where stderr can't be written the exit code alone can tell.
      if (stream === process.stdout) process.stderr.write(`pool: ${lostText(code, message)}\n`);
      onLost();
    });
  }
  return output;
}

/** Aborts when something could not be written to stdout because whoever read it has gone. */
export function whenUnread(): AbortSignal {
  const controller = new AbortController();
  process.stdout.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
    if (readerIsGone.has(code)) controller.abort(new Error('nobody reads the results any more'));
  });
  return controller.signal;
}

const readerIsGone = new Set(['EPIPE', 'EIO']);

function lostText(code: string, message: string): string {
  const why = code === 'ENOSPC' ? 'no space is left where it goes (ENOSPC)' : message;
  return `The output could not be written: ${why}. What the command did is done; only its answer is lost.`;
}
