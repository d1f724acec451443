import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePoolProject } from '../support/cli.ts';
import type { Cleanup, Project } from '../support/project.ts';
import { openTerminal, skippedWithoutTerminal } from '../support/terminal.ts';

const skip = skippedWithoutTerminal;

/** What a person sees who runs `pool` on a terminal. */
async function onTerminal(
  ...[test, project, args, env]: [Cleanup, Project, readonly string[], NodeJS.ProcessEnv?]
) {
  const terminal = openTerminal(test, project, args, { env });
  const code = await terminal.ended;
  return { code, screen: terminal.written.replaceAll('\r\n', '\n') };
}

const colour = '\u001b[';

test('on a terminal results are indented, and logs are lines for people', { skip }, async (t) => {
  const { code, screen } = await onTerminal(t, makePoolProject(t), ['invoke', 'logs']);
  assert.match(screen, /INFO.*: .*\[logs [0-9A-Z]{26}\].* from the logger \{"found":3\}/);
  assert.ok(screen.includes(colour));
  assert.match(screen, /^"logged"$/m);
  assert.equal(code, 0);
  const indented = await onTerminal(t, makePoolProject(t), ['invoke', 'values', '--args', '{"name":"list"}']);
  assert.match(indented.screen, /^\[\n {2}1,\n {2}"two",\n {2}\{\n {4}"three": 3\n {2}\}\n\]$/m);
});

test('NO_COLOR leaves no colour on a terminal', { skip }, async (t) => {
  const project = makePoolProject(t);
  for (const [name, code] of [
    ['logs', 0],
    ['throws', 1],
  ] as const) {
    const run = await onTerminal(t, project, ['invoke', name], { NO_COLOR: '1' });
    assert.ok(!run.screen.includes(colour), run.screen);
    assert.equal(run.code, code);
  }
});

test('control characters reach no terminal as they are', { skip }, async (t) => {
  const project = makePoolProject(t, {
    'functions/sly.js': `
      export default (args, ctx) => {
        ctx.log.info({ file: 'b\\u009bc' }, 'a\\n[12:00:00] INFO: all is well\\u001b[2J.jpg');
        console.log('from the console \\u001b[31m');
      };`,
  });
  const { screen } = await onTerminal(t, project, ['invoke', 'sly'], { NO_COLOR: '1' });
  assert.ok(screen.includes('a\\n[12:00:00] INFO: all is well\\u001b[2J.jpg {"file":"b\\u009bc"}\n'), screen);
  assert.ok(screen.includes('from the console \\u001b[31m\n'), screen);
  assert.doesNotMatch(screen, /[^\P{Cc}\n]/u);
});

test('a module that can not be loaded keeps its lines, indented', { skip }, async (t) => {
  const project = makePoolProject(t, { 'functions/broken.ts': 'export default (' });
  const { screen } = await onTerminal(t, project, ['list', '--log-level', 'info'], { NO_COLOR: '1' });
  assert.match(screen, /ERROR: function broken can't be loaded: .*\n {4}.*broken\.ts:1:\d+: ERROR: /);
});
