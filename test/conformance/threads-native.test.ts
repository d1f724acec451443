/** What the native code of a thread shares with the program: rows of docs/threads.md, for both. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type { TestContext } from 'node:test';
import { CancelledError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import type { Project } from '../support/project.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

/** More than a pipe holds: whoever writes it is at it until it is read. */
const pourBytes = 200_000;

const pour = `
  import fs from 'node:fs';
  import { promisify } from 'node:util';
  const write = promisify(fs.write);
  const pour = (file) => write(fs.openSync(file, 'w'), Buffer.alloc(${pourBytes}));`;

/** A named pipe that this program reads; it never waits for it. */
class Pipe {
  readonly file: string;
  readonly #fd: number;
  #taken = 0;

  constructor(t: TestContext, file: string) {
    execFileSync('mkfifo', [file]);
    this.file = file;
    this.#fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    // Whoever still writes is told that nobody reads.
    t.after(() => fs.closeSync(this.#fd));
  }

  /** Resolves when somebody is in the middle of writing. */
  async begun(): Promise<void> {
    await until('the first byte', () => this.#take(1));
  }

  /** All that came, when no more will. */
  async rest(): Promise<number> {
    await until('the end of what is written', () => {
      for (;;) {
        const count = this.#take(pourBytes);
        if (!count || this.#taken === pourBytes) return count !== undefined;
      }
    });
    return this.#taken;
  }

  /** How many bytes were there; 0 when nobody writes, undefined when somebody does, but more slowly. */
  #take(most: number): number | undefined {
    try {
      const count = fs.readSync(this.#fd, Buffer.alloc(most));
      this.#taken += count;
      return count;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      throw error;
    }
  }
}

function makePipes(t: TestContext, project: Project, count: number): Pipe[] {
  return Array.from({ length: count }, (_, index) => new Pipe(t, project.path(`pipe-${index}`)));
}

/** As many native calls at once as this program has threads for them. */
const poolThreads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);

/** That somebody waits can only be seen for a while. */
const patienceMs = 200;

testEach(
  'native work that was begun ends with its process; of a thread it goes on, and another one waits for it',
  async (t, open, isolation) => {
    const { runtime, project } = await open(
      { min: 2, max: 2, killGrace: 50 },
      {
        'functions/pour.js': `${pour} export default (files) => Promise.all(files.map(pour));`,
        'functions/ask.js': `
          import fs from 'node:fs';
          import { setTimeout } from 'node:timers/promises';
          export default (ms) => {
            const asked = fs.promises.stat('/').then(() => 'answered');
            return ms === undefined ? asked : Promise.race([asked, setTimeout(ms, 'waited')]);
          };`,
      },
    );
    const isThread = isolation === 'thread';
    const pipes = makePipes(t, project, isThread ? poolThreads : 1);
    const pouring = runtime.invoke(
      'pour',
      pipes.map(({ file }) => file),
    );
    for (const pipe of pipes) await pipe.begun();
    pouring.cancel();
    await rejectionOf(pouring, CancelledError);
    await until('the end of its worker', () => runtime.stats().pools.default?.exits.cancelled === 1);
    const ask = (ms?: number) => within('an answer', runtime.invoke('ask', ms));
    assert.equal(await ask(isThread ? patienceMs : undefined), isThread ? 'waited' : 'answered');
    for (const pipe of pipes) {
      const bytes = await pipe.rest();
      assert.equal(bytes === pourBytes, isThread, `${bytes} bytes of ${pourBytes}`);
    }
    assert.equal(await ask(), 'answered');
  },
);

testEach(
  'UV_THREADPOOL_SIZE of a pool is that of its processes; its threads have what the program began with',
  async (t, open, isolation) => {
    const { runtime, project } = await open(
      { max: 1, env: { UV_THREADPOOL_SIZE: '1' } },
      {
        'functions/order.js': `${pour}
          export default async (file, { progress }) => {
            const order = [];
            const end = (what) => { order.push(what); progress(what); };
            await Promise.all([pour(file).then(() => end('pour')), fs.promises.stat('/').then(() => end('stat'))]);
            return { order, env: process.env.UV_THREADPOOL_SIZE };
          };`,
      },
    );
    const [pipe] = makePipes(t, project, 1) as [Pipe];
    const ordering = runtime.invoke('order', pipe.file);
    await pipe.begun();
    // With a second thread the one ends while the other is held up.
    if (isolation === 'thread') {
      const ends = ordering.progress[Symbol.asyncIterator]();
      assert.equal((await within('the end of one', ends.next())).value, 'stat');
    }
    await pipe.rest();
    const order = isolation === 'thread' ? ['stat', 'pour'] : ['pour', 'stat'];
    assert.deepEqual(await within('the end of both', ordering), { order, env: '1' });
  },
);

/** How many arenas glibc has made besides the first: each begins a range of 64 MB of which little is in use. */
const countArenas = `
  import fs from 'node:fs';
  const arenaBytes = 64 * 2 ** 20;
  export default () => {
    const maps = fs.readFileSync('/proc/self/maps', 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) (\\S+)/gm);
    const ranges = [...maps].map(([, from, to, rights]) => ({ from: parseInt(from, 16), to: parseInt(to, 16), rights }));
    return ranges.filter(({ from, to, rights }, index) => {
      const next = ranges[index + 1];
      const isUsed = from % arenaBytes === 0 && rights === 'rw-p';
      return isUsed && next?.rights === '---p' && next.from === to && next.to === from + arenaBytes;
    }).length;
  };`;

const hasGlibc = 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header;

if (hasGlibc && process.env.MALLOC_ARENA_MAX === undefined) {
  testEach(
    'MALLOC_ARENA_MAX of a pool is that of its processes; its threads have what the program began with',
    async (_t, open, isolation) => {
      const { runtime } = await open(
        { max: 1, env: { MALLOC_ARENA_MAX: '1' } },
        { 'functions/arenas.js': countArenas },
      );
      const arenas = await runtime.invoke<number>('arenas');
      assert.equal(arenas > 0, isolation === 'thread', `${arenas} arenas`);
    },
  );
}

testEach(
  'resident memory is that of a process, and of a thread that of the program',
  async (_t, open, isolation) => {
    const { runtime } = await open(
      { max: 1 },
      { 'functions/rss.js': 'export default () => process.memoryUsage().rss;' },
    );
    // More than a worker has.
    const photo = Buffer.alloc(300 * 2 ** 20, 1);
    const rss = await runtime.invoke<number>('rss');
    assert.equal(rss > photo.length, isolation === 'thread', `${rss} bytes`);
  },
);
