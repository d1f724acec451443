import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skippedWithoutTerminal, type Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { drop, linesOfFiles, makeInbox, named, openService, patienceMs, stop } from './support-backlog.ts';

const skip = skippedWithoutTerminal;

/** Whether a line was ever drawn again: each time it is, what stood there is erased. */
const hasLiveLine = ({ written }: Terminal) => written.includes('\u001b[J');

test('19 files that take long have no line that changes; with one more they have', { skip }, async (t) => {
  const project = makeInbox(t, named(19, 'held'));
  const terminal = openService(t, project);
  await terminal.shows(/waits for long, said held\d+$/);
  assert.equal(hasLiveLine(terminal), false, terminal.screen.lines.join('\n'));

  drop(project, 'held19');
  await terminal.shows(/^inbox:work {2}0\/20$/);
  project.write('go', '');
  await terminal.shows(/ INFO: inbox:work: 20 files in [\d.]+ (s|min)/);
  assert.deepEqual(linesOfFiles(terminal), [], 'it stands in the place of a line for each');
  await stop(terminal);
});

test('with --json a terminal has a line for each file, and none that changes', { skip }, async (t) => {
  const files = named(60, 'file');
  const terminal = openService(t, makeInbox(t, files), ['--json']);
  const done = () => {
    const messages = terminal.written.matchAll(/"msg":"work (file\d+): done in \d+ ms"/g);
    return Array.from(messages, ([, file]) => file);
  };
  await until('all of them', () => done().length === files.length, patienceMs);
  assert.deepEqual(done().sort(), [...files].sort());
  await stop(terminal);
  assert.doesNotMatch(terminal.written, /files in|files\/s/);
  assert.equal(hasLiveLine(terminal), false, terminal.written);
});

test('at the log level trace a terminal has a line for each file, and none that changes', {
  skip,
}, async (t) => {
  const files = named(60, 'file');
  const terminal = openService(t, makeInbox(t, files), ['--log-level', 'trace']);
  await until('all of them', () => linesOfFiles(terminal).length === files.length, patienceMs);
  await stop(terminal);
  assert.doesNotMatch(terminal.written, /60 files in|files\/s/);
  assert.equal(hasLiveLine(terminal), false, terminal.screen.lines.join('\n'));
});
