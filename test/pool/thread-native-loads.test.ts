import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError } from 'warm-pool';
import { runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';

/** With so many, three of four runs had one that was terminated in the middle of a load, which ended the program. */
const rounds = 60;

test('a thread that is ended while it begins to take locks without messages does not end the program', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/locks.js': `
        export default async (_args, { shared, progress }) => {
          const lock = shared.lock('door');
          progress('begins');
          for (;;) (await lock.acquire()).release();
        };`,
    },
    { config: { pool: { isolation: 'thread', min: 4, max: 4, killGrace: 1 } } },
  );
  const endOne = async (round: number) => {
    const invocation = runtime.invoke('locks');
    const ending = assert.rejects(invocation, CancelledError);
    for await (const _begins of invocation.progress) break;
    await delay(round % 30);
    invocation.cancel();
    await within('its end', ending);
  };
  const endInTurn = async (first: number) => {
    for (let round = first; round < rounds; round += 4) await endOne(round);
  };
  await Promise.all([0, 1, 2, 3].map(endInTurn));
});
