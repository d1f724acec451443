import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import {
  type FileInfo,
  type ReceiptState,
  type Runtime,
  RuntimeClosedError,
  type Trigger,
  watch,
} from 'warm-pool';
import { type Running, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

/** Does with a file what its content says. */
const work = `
  import fs from 'node:fs';
  import path from 'node:path';
  export const config = { concurrency: 1 };
  export default async (file) => {
    const content = fs.readFileSync(file, 'utf8');
    fs.appendFileSync(new URL('../runs', import.meta.url), path.basename(file) + ';');
    if (content === 'bad') throw new RangeError('it is bad\\nin two lines');
    if (content === 'small') {
      const output = path.join(path.dirname(file), 'small', path.basename(file));
      fs.mkdirSync(path.dirname(output), { recursive: true });
      fs.writeFileSync(output, 'output');
      return { outputs: [{ path: output }] };
    }
  };`;

const waits = `
  import fs from 'node:fs';
  export default async () => {
    while (!fs.existsSync(new URL('../go', import.meta.url))) await new Promise((next) => setTimeout(next, 20));
  };
  export const config = { concurrency: 1 };`;

/** A folder in which a file that fails \`attempts\` times is set aside. */
function folder(path: string, { attempts = 1, invoke = 'work' } = {}): Trigger {
  return watch({ path, attempts, invoke, args: (file) => file.path, complete: () => 'whole', id: path });
}

async function start(
  t: TestContext,
  triggers: readonly Trigger[],
  files: Record<string, string> = {},
): Promise<Running> {
  const running = await runProject(
    t,
    { 'functions/work.js': work, 'functions/waits.js': waits, ...files },
    { config: { triggers: [...triggers], pool: { max: 2 } } },
  );
  await within('the start', running.runtime.start());
  return running;
}

async function filesOf(runtime: Runtime, ...state: ReceiptState[]): Promise<FileInfo[]> {
  const files: FileInfo[] = [];
  for await (const file of runtime.files(state.length === 0 ? {} : { state })) files.push(file);
  return files;
}

/** Waits for one file to be listed in a state. */
async function untilListed(runtime: Runtime, state: ReceiptState, path: string): Promise<FileInfo> {
  return until(`${path} is ${state}`, async () => {
    return (await filesOf(runtime, state)).find((file) => file.path === path);
  });
}

/** Waits until a file has failed three times: its next attempt is 16 seconds away then. */
async function untilPatient(runtime: Runtime, path: string): Promise<FileInfo> {
  return until(`${path} waits for long`, async () => {
    return (await filesOf(runtime, 'waiting')).find((file) => file.path === path && file.failures === 3);
  });
}

test('each file is listed with its state and its reason, and counted', async (t) => {
  const { project, runtime } = await start(
    t,
    [folder('strict'), folder('patient', { attempts: 100 }), folder('busy', { invoke: 'waits' })],
    {
      'strict/bad.txt': 'bad',
      'strict/photo.txt': 'small',
      'strict/moved.txt': 'good',
    },
  );
  // A trigger hands in four for each of two workers.
  for (let index = 1; index <= 10; index++) project.write(`busy/${index}.txt`, 'good');
  await untilListed(runtime, 'done', project.path('strict/moved.txt'));
  project.remove('strict/moved.txt');
  project.write('patient/bad.txt', 'bad');

  assert.deepEqual(await untilListed(runtime, 'setAside', project.path('strict/bad.txt')), {
    ...{ trigger: 'strict', path: project.path('strict/bad.txt'), state: 'setAside' },
    ...{ reason: 'work failed: RangeError: it is bad', failures: 1, size: 3 },
  });
  const waiting = await untilPatient(runtime, project.path('patient/bad.txt'));
  assert.equal(waiting.reason, 'RangeError: it is bad');
  assert(Math.abs(Date.parse(waiting.nextAttempt ?? '') - Date.now()) < 60_000, waiting.nextAttempt);
  assert.equal((await untilListed(runtime, 'output', project.path('strict/small/photo.txt'))).size, 6);
  assert.equal((await untilListed(runtime, 'done', project.path('strict/photo.txt'))).reason, undefined);
  await untilListed(runtime, 'gone', project.path('strict/moved.txt'));
  await until('all ten are known', async () => (await filesOf(runtime, 'queued', 'running')).length === 10);
  assert.equal((await filesOf(runtime, 'queued')).length, 2);

  const all = (await filesOf(runtime)).map(({ path }) => path);
  assert.equal(new Set(all).size, 15);
  assert.equal(all.length, 15, 'none comes twice');
  const countsOf = (id: string) => runtime.triggers().find((each) => each.id === id)?.counts;
  assert.deepEqual(countsOf('busy'), { queued: 2, running: 8 });

  project.write('strict/empty.txt', '');
  assert.deepEqual(await untilListed(runtime, 'arriving', project.path('strict/empty.txt')), {
    ...{ trigger: 'strict', path: project.path('strict/empty.txt'), state: 'arriving' },
    ...{ reason: 'it is empty', failures: 0, size: 0 },
  });
  assert.deepEqual(countsOf('strict'), { arriving: 1, done: 1, gone: 1, output: 1, setAside: 1 });
  project.write('go', '');
});

test('what is set aside or waits is tried again at once when somebody asks for it, and nothing else is', async (t) => {
  const { project, runtime } = await start(t, [folder('strict'), folder('patient', { attempts: 100 })], {
    'strict/bad.txt': 'bad',
    'strict/good.txt': 'good',
  });
  const bad = project.path('strict/bad.txt');
  await untilListed(runtime, 'setAside', bad);
  await untilListed(runtime, 'done', project.path('strict/good.txt'));
  fs.writeFileSync(project.path('runs'), '');
  assert.deepEqual(await runtime.retryFiles([bad, 'strict/good.txt', 'strict/none.txt']), [
    { path: bad, found: 'file', retried: 1, state: 'setAside' },
    { path: project.path('strict/good.txt'), found: 'file', retried: 0, state: 'done' },
    { path: project.path('strict/none.txt'), found: 'nothing', retried: 0 },
  ]);
  await until('it runs again', () => fs.readFileSync(project.path('runs'), 'utf8') === 'bad.txt;');
  assert.equal((await untilListed(runtime, 'setAside', bad)).failures, 1, 'attempts are counted anew');

  project.write('patient/bad.txt', 'bad');
  const patient = project.path('patient/bad.txt');
  // From the third failure on the next attempt is 16 seconds away.
  await until(
    'it waits for long',
    async () => (await untilListed(runtime, 'waiting', patient)).failures === 3,
  );
  fs.writeFileSync(project.path('runs'), '');
  assert.deepEqual(await runtime.retryFiles(['patient/bad.txt']), [
    { path: patient, found: 'file', retried: 1, state: 'waiting' },
  ]);
  await until('it runs again', () => fs.readFileSync(project.path('runs'), 'utf8') !== '');
  const again = await untilListed(runtime, 'waiting', patient);
  assert((again.failures ?? 0) < 3, `${again.failures} failures`);
});

test('of a folder, by whichever name it is called, all that is set aside below is tried again', async (t) => {
  const { project, runtime } = await start(t, [folder('inbox'), folder('other')], {
    'inbox/a/one.txt': 'bad',
    'inbox/a/deep/two.txt': 'bad',
    'inbox/ab/three.txt': 'bad',
    'inbox/a/good.txt': 'good',
    'other/four.txt': 'bad',
  });
  const links = project.path('links');
  fs.mkdirSync(links);
  fs.symlinkSync(project.path('inbox'), `${links}/inbox`);
  fs.mkdirSync(project.path('elsewhere'));
  await until('four are set aside', async () => (await filesOf(runtime, 'setAside')).length === 4);
  /** Asks for it, and waits until what was tried again has failed again. */
  const retried = async (path: string) => {
    fs.writeFileSync(project.path('runs'), '');
    const [answer] = await runtime.retryFiles([path]);
    assert.equal(answer?.found, 'folder', path);
    const runs = () => fs.readFileSync(project.path('runs'), 'utf8').split(';').filter(Boolean).sort();
    await until(`${answer.retried} below ${path} run again`, () => runs().length === answer.retried);
    await until('four are set aside', async () => (await filesOf(runtime, 'setAside')).length === 4);
    return runs();
  };
  assert.deepEqual(await retried('inbox/a'), ['one.txt', 'two.txt']);
  assert.deepEqual(await retried('inbox'), ['one.txt', 'three.txt', 'two.txt']);
  assert.deepEqual(await retried('links/inbox/ab'), ['three.txt']);
  assert.deepEqual(await retried('links/inbox'), ['one.txt', 'three.txt', 'two.txt']);
  assert.deepEqual(await retried('.'), ['four.txt', 'one.txt', 'three.txt', 'two.txt']);
  assert.deepEqual(await retried('elsewhere'), []);
  assert.deepEqual(await runtime.retryFiles(['links/inbox/ab/three.txt', 'inbox/none']), [
    { path: project.path('links/inbox/ab/three.txt'), found: 'file', retried: 1, state: 'setAside' },
    { path: project.path('inbox/none'), found: 'nothing', retried: 0 },
  ]);
  await until('four are set aside', async () => (await filesOf(runtime, 'setAside')).length === 4);
  fs.writeFileSync(project.path('runs'), '');
  assert.deepEqual(await runtime.retryFiles('all'), [
    { path: project.path('inbox'), found: 'folder', retried: 3 },
    { path: project.path('other'), found: 'folder', retried: 1 },
  ]);
  await until('all run again', () => fs.readFileSync(project.path('runs'), 'utf8').split(';').length === 5);
});

test('a watched folder that is a link has its files under its own name, and by that of its target they are found', async (t) => {
  const { project, runtime } = await start(t, [folder('disk/inbox')], { 'disk/place': '' });
  await runtime.close();
  fs.renameSync(project.path('disk/inbox'), project.path('target'));
  fs.symlinkSync(project.path('target'), project.path('disk/inbox'));
  project.write('target/bad.txt', 'bad');
  const again = await start(t, [folder(project.path('disk/inbox'))]);
  const bad = project.path('disk/inbox/bad.txt');
  await untilListed(again.runtime, 'setAside', bad);
  assert.deepEqual(await again.runtime.retryFiles([project.path('target/bad.txt')]), [
    { path: project.path('target/bad.txt'), found: 'file', retried: 1, state: 'setAside' },
  ]);
});

test('before the start there are no files, after the end they are not tried again; what makes no sense is told', async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/work.js': work },
    { config: { triggers: [folder('a')] } },
  );
  assert.deepEqual(await filesOf(runtime), []);
  assert.equal(runtime.triggers()[0]?.hasFiles, false);
  assert.throws(
    () => runtime.files({ state: 'setaside' as never }),
    /got 'setaside' .*did you mean "setAside"\?/,
  );
  assert.throws(
    () => runtime.files({ states: 'done' } as never),
    /no option `states`, did you mean "state"\?/,
  );
  await assert.rejects(runtime.retryFiles('a' as never), /expected a list of paths, or 'all'/);
  await runtime.close();
  await assert.rejects(runtime.retryFiles(['a']), RuntimeClosedError);
});

test('a trigger of its own can have files as well; a great many are listed without holding up the program', async (t) => {
  const own: Trigger = {
    kind: 'own',
    id: 'own',
    functions: [],
    start: async () => {},
    stop: async () => {},
    openFiles: async ({ root }) => ({
      folder: root,
      counts: () => ({ done: 2_000 }),
      *list(state) {
        for (let index = 0; state === 'done' && index < 2_000; index++) {
          // As long as a slow disk takes for each.
          const end = performance.now() + 0.1;
          while (performance.now() < end);
          yield { path: `${root}/${index}`, state };
        }
      },
      retry: () => 'done',
    }),
  };
  const { project, runtime } = await start(t, [own]);
  let turns = 0;
  let hasEnded = false;
  const count = () => {
    turns += 1;
    if (!hasEnded) setImmediate(count);
  };
  setImmediate(count);
  const files = await filesOf(runtime, 'done');
  hasEnded = true;
  assert.equal(files.length, 2_000);
  assert.deepEqual(files[7], { trigger: 'own', path: `${project.root}/7`, state: 'done' });
  // 200 ms in steps of 4.
  assert(turns > 20, `the event loop had ${turns} turns`);
  assert.deepEqual(runtime.triggers(), [
    { kind: 'own', id: 'own', functions: [], hasFiles: true, counts: { done: 2_000 }, nextAt: undefined },
  ]);
  const reading = (async () => {
    for await (const { path } of runtime.files()) if (path.endsWith('/3')) void runtime.close();
  })();
  await assert.rejects(reading, RuntimeClosedError);
});
