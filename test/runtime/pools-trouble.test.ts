import assert from 'node:assert/strict';
import { createRuntime, FunctionLoadError, WorkerCrashedError } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { LogLines } from '../support/log-lines.ts';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { noted, roles, type Seen } from './support-pools.ts';

testEach(
  'a pool that does not exist puts its function out of service, and the error names those that do',
  async (t, _open, isolation) => {
    const { runtime } = await runProject(
      t,
      { 'functions/typo.js': noted('typo', 'oi'), 'functions/here.js': noted('here') },
      { config: roles(isolation, { cpu: {} }) },
    );
    const { message } = await rejectionOf(runtime.invoke('typo'), FunctionLoadError);
    assert.match(
      message,
      /pool: there is no pool "oi", did you mean "io"\? the configuration has default, io, cpu/,
    );
    await within('the other', runtime.invoke('here'));
  },
);

testEach(
  'a named pool that can not start is the error of createRuntime, by its name',
  async (t, _open, isolation) => {
    const { project } = await runProject(
      t,
      { 'functions/there.js': noted('there', 'io') },
      { config: roles(isolation) },
    );
    const config = roles(isolation, { io: { execArgv: ['--no-such-option'] } });
    const { message } = await rejectionOf(createRuntime({ cwd: project.root, config }), WorkerCrashedError);
    assert.match(
      message,
      /No worker starts in the pool "io": .*(bad option|invalid execArgv flags): --no-such-option/,
    );
  },
);

testEach('a reload into a pool that can not start leaves all as it was', async (t, _open, isolation) => {
  const log = new LogLines();
  const { project, runtime } = await runProject(
    t,
    { 'functions/here.js': noted('here') },
    {
      hotReload: true,
      logger: log.logger,
      config: roles(isolation, { broken: { execArgv: ['--no-such-option'] } }),
    },
  );
  const before = infoOf(runtime, 'here');
  project.write('functions/here.js', noted('here', 'broken'));
  await log.line(/^error the functions stay as they were: No worker starts in the pool "broken"/);
  assert.equal(infoOf(runtime, 'here').version, before.version);
  assert.equal((await within('the old one', runtime.invoke<Seen>('here'))).role, 'default');
  project.write('functions/here.js', noted('here', 'io'));
  await until('the next reload', async () => (await runtime.invoke<Seen>('here')).role === 'io');
});

testEach(
  'a module that ends the workers of its own pool alone is out of service, with the reason',
  async (t, _open, isolation) => {
    const { runtime } = await runProject(
      t,
      {
        'functions/fatal.js': `if (process.env.ROLE === 'io') process.exit(3); ${noted('fatal', 'io')}`,
        'functions/there.js': noted('there', 'io'),
      },
      { config: roles(isolation) },
    );
    const { message } = await rejectionOf(runtime.invoke('fatal'), FunctionLoadError);
    assert.match(message, /exited with code 3 while it loaded the module/);
    assert.equal((await within('the other', runtime.invoke<Seen>('there'))).role, 'io');
  },
);
