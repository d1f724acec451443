import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startService } from '../support/cli.ts';
import { skippedWithoutTerminal, type Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { drop, linesOfFiles, makeInbox, named, openService, patienceMs, stop } from './support-backlog.ts';

const skip = skippedWithoutTerminal;

const liveLine = /^inbox:work {2}\d+\/\d+ {2}\d+\.\d files\/s {2}\d+ s left( {2}\d failed)?$/;
const isLine = (line: string) => liveLine.test(line);

/** Each row is a whole line of the log. */
function assertClean({ screen }: Terminal): void {
  for (const line of screen.lines)
    assert.match(line, /^(\^C)?\[\d\d:\d\d:\d\d\] (INFO|WARN|ERROR): \S/, screen.lines.join('\n'));
  assert.equal(screen.cursor.column, 0);
  assert.ok(screen.isCursorVisible);
}

test('a backlog is a line that changes, with a summary at the end; errors stand above it', {
  skip,
}, async (t) => {
  // In whatever order the system lists them: one is at work until the three have failed.
  const project = makeInbox(t, [...named(36, 'file'), ...named(3, 'bad'), 'held']);
  const terminal = openService(t, project);
  await terminal.shows(/^inbox:work .* {2}3 failed$/);
  project.write('go', '');
  await terminal.shows(/ INFO: inbox:work: 40 files in .*s, 3 set aside$/);
  assertClean(terminal);
  const { lines, erased } = terminal.screen;
  const summary = lines.findIndex((line) => line.includes('40 files in'));
  for (const file of named(3, 'bad')) {
    const error = lines.findIndex((line) =>
      line.endsWith(`${file} is set aside until it changes: work failed: ${file} is no number`),
    );
    assert.ok(error > 0 && error < summary, lines.join('\n'));
  }
  const shown = erased.filter(isLine);
  assert.ok(shown.length > 3, erased.join('\n'));
  assert.deepEqual([...new Set(shown.map((line) => /\/(\d+)/.exec(line)?.[1]))], ['40']);
  const before = linesOfFiles(terminal).length;
  assert.ok(before < 36, lines.join('\n'));

  drop(project, 'later');
  await terminal.shows(/ INFO: work later: done in /);
  assert.equal(linesOfFiles(terminal).length, before + 1);
  await stop(terminal);
  assertClean(terminal);
});

test('what functions print during a backlog stands above the line', { skip }, async (t) => {
  const files = named(60, 'loud');
  const terminal = openService(t, makeInbox(t, files));
  await terminal.shows(/inbox:work: 60 files in /);
  assertClean(terminal);
  assert.ok(terminal.screen.erased.some(isLine));
  for (const file of files)
    assert.ok(
      terminal.screen.lines.some((line) => line.endsWith(`] loud, said ${file}`)),
      terminal.screen.lines.join('\n'),
    );
});

test('a few files have a line each, and so have all where everything is to be told', { skip }, async (t) => {
  const few = openService(t, makeInbox(t, named(15, 'slow')));
  const all = openService(t, makeInbox(t, named(40, 'file')), ['--log-level', 'debug']);
  for (const [terminal, count] of [
    [few, 15],
    [all, 40],
  ] as const) {
    await until(`${count} lines`, () => linesOfFiles(terminal).length === count, patienceMs);
    await stop(terminal);
    assert.deepEqual(
      terminal.screen.erased.filter((line) => line.startsWith('inbox')),
      [],
    );
  }
});

test('Ctrl-C during a backlog tells how far it came', { skip }, async (t) => {
  const terminal = openService(t, makeInbox(t, named(200, 'file')));
  await terminal.shows(liveLine);
  await stop(terminal);
  assertClean(terminal);
  const { lines } = terminal.screen;
  const told = lines.findIndex((line) => / INFO: inbox:work: \d+ files in .*s; \d+ are left$/.test(line));
  assert.ok(told > 0 && (lines[told + 1] ?? '').includes(' INFO: stopping'), lines.join('\n'));
  assert.match(lines.at(-1) ?? '', / INFO: stopped$/);
});

test('not on a terminal each file has its line, and nothing else is written', async (t) => {
  const files = named(60, 'file');
  const service = await startService(t, makeInbox(t, files));
  const done = () =>
    service
      .stderr()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { file?: string; msg: string })
      .flatMap(({ file, msg }) => (file !== undefined && msg.includes(': done in') ? [file] : []));
  await until('all of them', () => done().length === files.length, patienceMs);
  assert.deepEqual(done().sort(), [...files].sort());
  service.interrupt();
  const { stderr } = await service.ended;
  assert.ok(!stderr.includes('\u001b'), stderr);
  assert.doesNotMatch(stderr, /60 files in/);
});
