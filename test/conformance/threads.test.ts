/** What can't be the same in a thread as in a process: the table of docs/threads.md, for both. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { FunctionError, WorkerCrashedError } from 'warm-pool';
import { startProgram } from '../runtime/support-program.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { makeProject, repository } from '../support/project.ts';
import { functions, type Isolation, meet, poolText, testEach } from './support.ts';

/** Changes of what belongs to a whole process, as a function's body, and what it returns in one. */
const changes: [what: string, body: string, inProcess: unknown][] = [
  ['the working folder', `process.chdir('/'); return process.cwd();`, '/'],
  ['the umask', 'process.umask(0o077); return process.umask();', 0o077],
  ['the user', 'process.setuid(process.getuid()); return process.getuid();', process.getuid?.()],
];

for (const [what, body, inProcess] of changes) {
  testEach(`a process can change ${what}, a thread is told that it can't`, async (_t, open, isolation) => {
    const { runtime } = await open(
      { max: 1 },
      { 'functions/change.js': `export default () => { ${body} };` },
    );
    const changing = runtime.invoke('change');
    if (isolation === 'process') {
      assert.equal(await changing, inProcess);
      return;
    }
    const { cause } = await rejectionOf(changing, FunctionError);
    assert.equal((cause as NodeJS.ErrnoException).code, 'ERR_WORKER_UNSUPPORTED_OPERATION');
  });
}

testEach('process.abort() ends a process; in a thread it is an error', async (_t, open, isolation) => {
  const { runtime } = await open(
    { max: 1 },
    { 'functions/abort.js': 'export default () => process.abort();' },
  );
  const aborting = runtime.invoke('abort');
  if (isolation === 'process') {
    assert.equal((await rejectionOf(aborting, WorkerCrashedError)).signal, 'SIGABRT');
    return;
  }
  const { cause } = await rejectionOf(aborting, FunctionError);
  assert.equal((cause as NodeJS.ErrnoException).code, 'ERR_WORKER_UNSUPPORTED_OPERATION');
});

testEach(
  'the title of a process is its own, that of a thread can not be set',
  async (_t, open, isolation) => {
    const { runtime } = await open(
      { max: 1 },
      { 'functions/title.js': `export default () => { process.title = 'photos'; return process.title; };` },
    );
    const { title } = process;
    assert.equal(await runtime.invoke('title'), isolation === 'process' ? 'photos' : title);
    assert.equal(process.title, title);
  },
);

const killing = (isolation: Isolation) => `
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { max: 1 })} } });
  const { code } = await runtime.invoke('kill').catch((error) => error);
  console.log(JSON.stringify(code));
  await runtime.close();`;

testEach('SIGKILL ends one process; from a thread it ends the program', async (t, _open, isolation) => {
  const kill = `export default () => process.kill(process.pid, 'SIGKILL');`;
  const project = makeProject(t, { 'functions/kill.js': kill });
  const { code, signal, stdout } = await startProgram(t, project, killing(isolation)).ended;
  const expected = isolation === 'process' ? [0, null, '"WORKER_CRASHED"\n'] : [null, 'SIGKILL', ''];
  assert.deepEqual([code, signal, stdout], expected);
});

testEach(
  'what is written to a file descriptor is logged of a process; of a thread it goes where the program writes',
  async (t, _open, isolation) => {
    const write = `import fs from 'node:fs'; export default () => fs.writeSync(1, 'written\\n');`;
    const project = makeProject(t, { 'functions/kill.js': write });
    const { stdout } = await startProgram(t, project, killing(isolation)).ended;
    assert.equal(stdout.includes('written'), isolation === 'thread');
  },
);

testEach('a signal reaches a process; a thread never hears of one', async (t, _open, isolation) => {
  const listen = `
    import { setTimeout } from 'node:timers/promises';
    let heard = 0;
    process.on('SIGUSR2', () => heard++);
    export default async () => {
      process.kill(process.pid, 'SIGUSR2');
      for (let round = 0; round < 100 && heard === 0; round++) await setTimeout(5);
      return heard;
    };`;
  const program = startProgram(
    t,
    makeProject(t, { 'functions/listen.js': listen }),
    `
    import { createRuntime } from 'warm-pool';
    let heard = 0;
    process.on('SIGUSR2', () => heard++);
    const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { max: 1 })} } });
    console.log(JSON.stringify([await runtime.invoke('listen'), heard]));
    await runtime.close();`,
  );
  assert.deepEqual(await program.line(0), isolation === 'process' ? [1, 0] : [0, 1]);
});

testEach(
  'the settings of a native library are of one process, and of all threads',
  async (_t, open, isolation) => {
    const running = await open(
      { min: 2, max: 2 },
      {
        'functions/set.js': `
        import fs from 'node:fs';
        import { threadId } from 'node:worker_threads';
        import { setTimeout } from 'node:timers/promises';
        const meet = async (folder) => {
          fs.mkdirSync(folder, { recursive: true });
          fs.writeFileSync(folder + '/' + process.pid + '.' + threadId, '');
          while (fs.readdirSync(folder).length < 2) await setTimeout(5);
        };
        export default async ({ folder, link, value }) => {
          try { fs.symlinkSync(link, new URL('../node_modules/sharp', import.meta.url), 'junction'); } catch {}
          const { default: sharp } = await import('sharp');
          // Being loaded it sets them itself.
          await meet(folder + '/loaded');
          if (value) sharp.concurrency(value);
          await meet(folder + '/set');
          return sharp.concurrency();
        };`,
      },
    );
    await meet(running, 2);
    const { runtime, project } = running;
    const place = {
      folder: project.path('settings'),
      link: fs.realpathSync(path.join(repository, 'node_modules', 'sharp')),
    };
    const value = 7;
    const [changed, other] = await Promise.all([
      runtime.invoke('set', { ...place, value }),
      runtime.invoke('set', place),
    ]);
    assert.equal(changed, value);
    assert.equal(other === value, isolation === 'thread');
  },
);

testEach('a process has a pid, a thread that of the program', async (_t, open, isolation) => {
  const { runtime } = await open({ max: 1 }, functions);
  const who = await runtime.invoke<string>('who');
  assert.equal(Number.parseInt(who, 10) === process.pid, isolation === 'thread');
});

testEach('a process runs functions in its main thread; a thread is none', async (_t, open, isolation) => {
  const main = `import { isMainThread } from 'node:worker_threads'; export default () => isMainThread;`;
  const { runtime } = await open({ max: 1 }, { 'functions/main.js': main });
  assert.equal(await runtime.invoke('main'), isolation === 'process');
});

testEach(
  'recursion without end is an error, in a thread after more calls; --stack-size changes that',
  async (_t, open, isolation) => {
    const dig = `
      let depth = 0;
      const deeper = () => { depth++; deeper(); };
      export default (isCounted) => {
        depth = 0;
        try { deeper(); } catch (error) { if (!isCounted) throw error; }
        return depth;
      };`;
    const deepest = async (execArgv: string[]) => {
      const { runtime } = await open({ max: 1, execArgv }, { 'functions/dig.js': dig });
      assert((await rejectionOf(runtime.invoke('dig'), FunctionError)).cause instanceof RangeError);
      return runtime.invoke<number>('dig', true);
    };
    const [usual, small] = [await deepest([]), await deepest(['--stack-size=600'])];
    assert.equal(usual > 25_000, isolation === 'thread', `${usual} calls`);
    assert(small < usual, `${small} calls with a smaller stack, ${usual} without`);
  },
);
