import assert from 'node:assert/strict';
import { TimeoutError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';

const files = {
  'functions/some.js': `export default (value) => { if (value === 'spins') for (;;); return value; };`,
};

testEach(
  'the timeout of one that blocks its worker is not held against the short one in front of it',
  async (_t, open) => {
    const { runtime } = await open({ max: 1, killGrace: 20 }, files);
    for (let round = 0; round < 8; round++) {
      const warm = Array.from({ length: 500 }, () => runtime.invoke('some', 1));
      await within('the first', Promise.all(warm));
      const short = runtime.invoke('some', round, { timeout: 400 });
      const long = runtime.invoke('some', 'spins', { timeout: 400 });
      const seen = within('the short one', short).then((value) => [value, long.status]);
      const error = rejectionOf(long, TimeoutError);
      const [value, status] = await seen;
      assert.equal(value, round);
      assert(status === 'running' || status === 'queued', `it was told after the long one: ${status}`);
      await within('the long one', error);
    }
  },
);
