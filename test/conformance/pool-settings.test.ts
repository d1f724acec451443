import assert from 'node:assert/strict';
import { testEach } from './support.ts';

testEach('each pool has its own env and execArgv', async (_t, open, isolation) => {
  const read = (pool: string) => `
    export default () => [process.env.ROLE, process.execArgv, import.meta.resolve('#codec').split('/').at(-1)];
    export const config = { pool: '${pool}' };`;
  const settings = (name: string) => ({ isolation, env: { ROLE: name }, execArgv: [`--conditions=${name}`] });
  const { runtime } = await open(
    {},
    {
      'package.json': JSON.stringify({
        type: 'module',
        imports: { '#codec': { fast: './fast.js', small: './small.js', default: './default.js' } },
      }),
      'functions/here.js': read('default'),
      'functions/there.js': read('small'),
      'functions/elsewhere.js': read('plain'),
    },
    { config: { pool: settings('fast'), pools: { small: settings('small'), plain: { isolation } } } },
  );
  assert.deepEqual(await runtime.invoke('here'), ['fast', ['--conditions=fast'], 'fast.js']);
  assert.deepEqual(await runtime.invoke('there'), ['small', ['--conditions=small'], 'small.js']);
  assert.deepEqual(await runtime.invoke('elsewhere'), [undefined, [], 'default.js']);
});
