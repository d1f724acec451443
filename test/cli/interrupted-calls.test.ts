import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeBoth } from '../support/both-runtimes.ts';
import { startPool } from '../support/cli.ts';
import { until } from '../support/wait.ts';

const files = {
  // Notes that it runs, and then why it is to end.
  'functions/notes.mjs': `
    import { renameSync, writeFileSync } from 'node:fs';
    const note = (name, text) => {
      const file = new URL('../' + name, import.meta.url).pathname;
      writeFileSync(file + '.new', text);
      renameSync(file + '.new', file);
    };
    export default ({ name }, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => {
          note(name + '.reason', signal.reason.message);
          reject(signal.reason);
        });
        note(name + '.begun', '');
      });`,
};

describeBoth('Ctrl-C', files, (project) => {
  const interrupt = async (name: string, begin: () => ReturnType<typeof startPool>) => {
    const run = begin();
    await until(`the start of ${name}`, () => project.has(`${name}.begun`));
    run.interrupt();
    const ended = await run.ended;
    assert.equal(ended.code, 130, ended.stderr);
    await until(`the end of ${name}`, () => project.has(`${name}.reason`));
    const reason = readFileSync(project.path(`${name}.reason`), 'utf8');
    assert.equal(reason, 'The invocation of "notes" was cancelled: interrupted by SIGINT');
    return ended;
  };

  test('of pool invoke is what the function is told, and the closing line has its figures', async (t) => {
    const args = ['invoke', 'notes', '--args', '{"name":"line"}'];
    const { stdout, stderr } = await interrupt('line', () => startPool(t, project, args));
    assert.match(
      stderr,
      /^pool: The invocation of "notes" was cancelled: interrupted by SIGINT\.\nREPORT notes \w{26} duration /m,
    );
    assert.equal(stdout, '');
  });

  test('of pool invoke --json has the id and the figures of the invocation', async (t) => {
    const args = ['invoke', 'notes', '--args', '{"name":"json"}', '--json'];
    const { stdout } = await interrupt('json', () => startPool(t, project, args));
    const { ok, error, invocationId, durationMs, worker } = JSON.parse(stdout);
    assert.deepEqual([ok, error.code, error.cause?.message], [false, 'CANCELLED', 'interrupted by SIGINT']);
    assert.match(invocationId, /^\w{26}$/);
    assert.ok(durationMs >= 0 && worker >= 1, stdout);
  });

  test('of pool map is what the function is told', async (t) => {
    const args = ['map', 'notes', 'item', '--as', 'name'];
    const { stderr } = await interrupt('item', () => startPool(t, project, args));
    assert.match(stderr, /^MAP notes 0 items /m);
  });
});
