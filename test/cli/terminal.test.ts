import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { makePoolProject, poolCommand } from '../support/cli.ts';
import type { Project } from '../support/project.ts';
import { within } from '../support/wait.ts';

// `script` of util-linux runs a command on a terminal of its own; the one of macOS takes other arguments.
const hasTerminal =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
const skip = hasTerminal ? false : 'needs `script` of util-linux';

/** What a person sees who runs `pool` on a terminal. */
async function onTerminal(project: Project, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = [process.execPath, poolCommand, ...args].map((each) => `'${each}'`).join(' ');
  // Node takes colours away for each of these.
  const { NO_COLOR, NODE_DISABLE_COLORS, FORCE_COLOR, CI, TEAMCITY_VERSION, ...inherited } = process.env;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: project.root,
    env: { ...inherited, TERM: 'xterm-256color', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString('utf8');
  });
  const code = await within(
    command,
    new Promise((resolve) => {
      child.once('close', resolve);
    }),
  );
  return { code, screen: screen.replaceAll('\r\n', '\n') };
}

const colour = '\u001b[';

test('on a terminal results are indented, and logs are lines for people', { skip }, async (t) => {
  const { code, screen } = await onTerminal(makePoolProject(t), ['invoke', 'logs']);
  assert.match(screen, /INFO.*: .*\[logs [0-9A-Z]{26}\].* from the logger \{"found":3\}/);
  assert.ok(screen.includes(colour));
  assert.match(screen, /^"logged"$/m);
  assert.equal(code, 0);
  const indented = await onTerminal(makePoolProject(t), ['invoke', 'values', '--args', '{"name":"list"}']);
  assert.match(indented.screen, /^\[\n {2}1,\n {2}"two",\n {2}\{\n {4}"three": 3\n {2}\}\n\]$/m);
});

test('NO_COLOR leaves no colour on a terminal', { skip }, async (t) => {
  const project = makePoolProject(t);
  for (const [name, code] of [
    ['logs', 0],
    ['throws', 1],
  ] as const) {
    const run = await onTerminal(project, ['invoke', name], { NO_COLOR: '1' });
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
  const { screen } = await onTerminal(project, ['invoke', 'sly'], { NO_COLOR: '1' });
  assert.ok(screen.includes('a\\n[12:00:00] INFO: all is well\\u001b[2J.jpg {"file":"b\\u009bc"}\n'), screen);
  assert.ok(screen.includes('from the console \\u001b[31m\n'), screen);
  assert.doesNotMatch(screen, /[^\P{Cc}\n]/u);
});

test('a module that can not be loaded keeps its lines, indented', { skip }, async (t) => {
  const project = makePoolProject(t, { 'functions/broken.ts': 'export default (' });
  const { screen } = await onTerminal(project, ['list', '--log-level', 'info'], { NO_COLOR: '1' });
  assert.match(screen, /ERROR: function broken can't be loaded: .*\n {4}.*broken\.ts:1:\d+: ERROR: /);
});
