import assert from 'node:assert/strict';
import { FunctionLoadError } from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { isolations, meet, testEach, whoIs } from './support.ts';

interface Bad {
  readonly module: string;
  /** Only it meets the deadline of loading, which has to leave the others time on a slow machine. */
  readonly neverLoads?: boolean;
  readonly says: RegExp;
  /** What differs in a thread; null for what would end the program. */
  readonly inThread?: RegExp | null;
}

const bad: Record<string, Bad> = {
  throws: { module: `throw new RangeError('no such codec');`, says: /RangeError: no such codec/ },
  'throws-null': { module: 'throw null;', says: /threw null/ },
  exits: { module: `console.error('good bye'); process.exit(0);`, says: /exited with code 0.*good bye/ },
  aborts: {
    module: 'process.abort();',
    says: /was killed by SIGABRT/,
    inThread: /process\.abort\(\) is not supported in workers/,
  },
  kills: {
    module: `process.kill(process.pid, 'SIGKILL'); for (;;);`,
    says: /was killed by SIGKILL/,
    inThread: null,
  },
  spins: { module: 'for (;;);', neverLoads: true, says: /had not loaded its functions after \d+ ms/ },
  hangs: {
    module: 'await new Promise(() => {});',
    neverLoads: true,
    says: /had not loaded its functions after \d+ ms/,
  },
  'throws-later': {
    module: `await new Promise((resolve, reject) => setTimeout(() => { throw new RangeError('late'); }, 5));`,
    says: /exited with code 1.*RangeError: late/,
  },
};

const fileOf = ([name, { module }]: [string, Bad]) =>
  [`functions/${name}.js`, `${module}\nexport default () => 1;`] as const;

for (const entry of Object.entries(bad)) {
  const [name, { says: inProcess, inThread, neverLoads }] = entry;
  const loadTimeout = neverLoads ? '2s' : '60s';
  testEach(
    `a module that ${name.replace('-', ' ')} while it loads is out of service alone, with the reason`,
    async (_t, open, isolation) => {
      const says = isolation === 'thread' && inThread ? inThread : inProcess;
      const running = await open({ min: 2, max: 2, loadTimeout }, Object.fromEntries([fileOf(entry)]));
      const { runtime } = running;
      const invocation = runtime.invoke(name);
      const error = await rejectionOf(invocation, FunctionLoadError);
      assert.match(error.message, says);
      assert.equal(error.invocationId, invocation.id);
      const { state, error: reason } = infoOf(runtime, name);
      assert.equal(state, 'failed');
      assert.match(`${reason?.name}: ${reason?.message}`, says);
      await meet(running, 2);
    },
    isolations.filter((isolation) => isolation === 'process' || inThread !== null),
  );
}

testEach('all kinds of bad modules at once leave the good ones in service', async (_t, open, isolation) => {
  const entries = Object.entries(bad).filter(
    ([, { inThread }]) => isolation === 'process' || inThread !== null,
  );
  const { runtime } = await open({ max: 1, loadTimeout: '5s' }, Object.fromEntries(entries.map(fileOf)));
  await whoIs(runtime);
  for (const [name] of entries) await within(name, rejectionOf(runtime.invoke(name), FunctionLoadError));
});

testEach('a project in which no module can be loaded has a runtime that says so', async (_t, open) => {
  const none = 'process.exit(1);';
  const all = ['echo', 'who', 'wait', 'spin', 'note', 'meet'].map((name) => [`functions/${name}.js`, none]);
  const { runtime } = await open({}, Object.fromEntries(all));
  await rejectionOf(runtime.invoke('echo'), FunctionLoadError);
});
