import type { FileRetry } from '../../runtime/index.ts';
import type { Retries } from '../project/files.ts';
import { pathText } from './files.ts';
import { printJson } from './terminal.ts';

/** Says on stderr which files are tried again, and which are not and why; with `json` prints all that on stdout. */
export function printRetries({ retries, isRunning }: Retries, { json }: { json: boolean }): void {
  const retried = retries.reduce((sum, each) => sum + each.retried, 0);
  const ok = retries.every(({ found }) => found !== 'nothing');
  if (json) printJson({ ok, retried, isRunning, retries });
  const when = isRunning ? '' : ' at the next `pool start`';
  const lines = json ? [] : retries.filter((each) => each.retried === 0).map(explain);
  if (retried > 0)
    lines.push(`${retried === 1 ? 'One file is' : `${retried} files are`} tried again${when}.`);
  for (const line of lines) process.stderr.write(`${line}\n`);
}

function explain(retry: FileRetry): string {
  const name = pathText(retry.path);
  switch (retry.found) {
    case 'nothing':
      return `pool: No trigger takes up ${name}: none has seen it, or their \`match\` and \`ignore\` leave it out.`;
    case 'folder':
      return `Nothing is set aside in ${name} that a trigger would take up.`;
    case 'file':
      return `${name} ${asFound[retry.state] ?? `is ${retry.state}`}.`;
  }
}

const asFound: Partial<Record<(FileRetry & { found: 'file' })['state'], string>> = {
  arriving: 'is on its way in already',
  held: 'is in line already',
  queued: 'is in line already',
  running: 'is being worked on',
  done: 'is done: touch it to have it run once more',
  output: 'is an output: nothing is run for it',
  gone: 'is gone: it is taken up when it is there again',
};
