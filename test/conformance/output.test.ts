import assert from 'node:assert/strict';
import fs from 'node:fs';
import { PoolError, WorkerCrashedError } from 'warm-pool';
import { keepLines } from '../support/log-lines.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { deadlineMs, until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

const print = `
  export default async ({ lines, end }) => {
    for (let line = 1; line <= lines; line++) {
      console.log('out', line);
      console.error('err', line);
    }
    process.stdout.write('no line end');
    if (end === 'throw') throw new RangeError('after it printed');
    if (end === 'exit') process.exit(3);
    return 'printed';
  };`;

const endings: [lines: number, end: string][] = [
  [1, 'return'],
  [300, 'return'],
  [300, 'throw'],
  [300, 'exit'],
];

testEach(
  'what a function prints is logged line by line with its invocation, all of it before the result',
  async (_t, open) => {
    const { logger, lines } = keepLines();
    const { runtime } = await open({ max: 1 }, { 'functions/print.js': print }, { logger });
    for (const [count, end] of endings) {
      lines.length = 0;
      const invocation = runtime.invoke('print', { lines: count, end });
      if (end === 'return') await within('its end', invocation);
      else await rejectionOf(invocation, PoolError);
      const bound = { function: 'print', invocation: invocation.id, worker: invocation.report?.worker };
      for (const [stream, level, text] of [
        ['stdout', 'info', 'out'],
        ['stderr', 'warn', 'err'],
      ] as const) {
        const written = lines.filter(({ fields }) => fields.stream === stream);
        const expected = Array.from({ length: count }, (_, index) => `${text} ${index + 1}`);
        if (stream === 'stdout') expected.push('no line end');
        assert.deepEqual(
          written.map(({ message }) => message),
          expected,
        );
        for (const line of written) {
          assert.deepEqual(line, { level, message: line.message, fields: { ...bound, stream } });
        }
      }
    }
  },
);

testEach(
  'what short ones print that were handed over together is logged with the one that printed it',
  async (_t, open) => {
    const { logger, lines } = keepLines();
    const printId = `
    export default ({ id, quiet }) => {
      if (quiet) return;
      console.log('out of ' + id);
      if (id % 3 === 0) console.log('twice of ' + id);
      if (id % 5 === 0) console.error('err of ' + id);
    };`;
    const { runtime } = await open({ min: 2, max: 2 }, { 'functions/print-id.js': printId }, { logger });
    // So that it has shown to be short.
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 200 }, (_, id) => runtime.invoke('print-id', { id, quiet: true })),
      );
    }
    const calls = Array.from({ length: 1_000 }, (_, id) =>
      runtime.invoke('print-id', { id, quiet: id % 7 === 0 }),
    );
    await within('all of them', Promise.all(calls));
    const expected = calls.flatMap(({ id: invocation }, id) => {
      if (id % 7 === 0) return [];
      const out = [`out of ${id}`, ...(id % 3 === 0 ? [`twice of ${id}`] : [])];
      return [...out, ...(id % 5 === 0 ? [`err of ${id}`] : [])].map((message) => `${invocation} ${message}`);
    });
    const logged = lines.map(({ fields, message }) => `${fields.invocation} ${message}`);
    assert.deepEqual(logged.sort(), expected.sort());
  },
);

testEach(
  'what a process of a function prints cuts none of the lines that follow',
  async (_t, open) => {
    const { logger, lines } = keepLines();
    const files = {
      'functions/print.js': `export default (id) => console.log('printed ' + id);`,
      'functions/child.js': `
        import { execSync } from 'node:child_process';
        export default () => execSync('echo by a child of mine; echo and again >&2', { stdio: 'inherit' });`,
    };
    const { runtime } = await open({ max: 1 }, files, { logger });
    const printed = () =>
      lines.flatMap(({ fields, message }) =>
        fields.stream === 'stdout' && message !== 'by a child of mine' ? [message] : [],
      );
    for (let round = 0; round < 5; round++) {
      await runtime.invoke('child');
      lines.length = 0;
      const count = 500;
      await within(
        'all of them',
        Promise.all(Array.from({ length: count }, (_, id) => runtime.invoke('print', id))),
      );
      // What can't be counted makes results come before the last of them.
      await until('their lines', () => printed().length >= count);
      assert.deepEqual(
        printed(),
        Array.from({ length: count }, (_, id) => `printed ${id}`),
      );
    }
  },
  // What a process of a thread prints is the program's.
  ['process'],
);

const flood = `
  import fs from 'node:fs';
  export default async ({ lines, file, end }) => {
    fs.writeFileSync(file, '');
    for (let line = 1; line <= lines; line++) console.log('out', line);
    if (end === 'exit') process.exit(3);
    if (end === 'throw') setTimeout(() => { throw new RangeError('after it printed'); });
    return new Promise(() => {});
  };`;

for (const end of ['exit', 'throw']) {
  testEach(
    `all that a function prints before it ends its worker (${end}) is there, also when the program is busy meanwhile`,
    async (_t, open) => {
      const { logger, lines } = keepLines();
      const { project, runtime } = await open({ max: 1 }, { 'functions/flood.js': flood }, { logger });
      const file = project.path('begun');
      // More than fits on its way, where each small write takes the room of a large one.
      const count = 2_000;
      const invocation = runtime.invoke('flood', { lines: count, file, end });
      const ended = rejectionOf(invocation, WorkerCrashedError);
      await new Promise(setImmediate);
      const deadline = performance.now() + deadlineMs;
      while (!fs.existsSync(file) && performance.now() < deadline);
      for (const begun = performance.now(); performance.now() - begun < 200; );
      await ended;
      const written = lines.filter(({ fields }) => fields.stream === 'stdout').map(({ message }) => message);
      assert.deepEqual(
        written,
        Array.from({ length: count }, (_, index) => `out ${index + 1}`),
      );
    },
  );
}

testEach('timers of a function go on between invocations', async (_t, open) => {
  const ticking = `
    let ticks = 0;
    let timer;
    export default (what) => {
      if (what === 'start') timer = setInterval(() => ticks++, 1);
      if (what === 'stop') clearInterval(timer);
      return ticks;
    };`;
  const { runtime } = await open({ max: 1 }, { 'functions/tick.js': ticking });
  await runtime.invoke('tick', 'start');
  // The worker has nothing to run meanwhile: the timer alone has to turn its event loop.
  const begun = performance.now();
  await until('some time', () => performance.now() - begun > 200);
  const ticks = await runtime.invoke<number>('tick', 'stop');
  assert(ticks > 10, `${ticks} ticks`);
});
