import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CancelledError, TimeoutError } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

/** Writes down what happens to it, each with the time on the clock that all processes share, in ms. */
const files = {
  'functions/stubborn.js': `
    import fs from 'node:fs';
    const events = new URL('../events', import.meta.url);
    const note = (what) => fs.appendFileSync(events, what + ' ' + Number(process.hrtime.bigint()) / 1e6 + '\\n');
    export default (args, { signal }) => {
      signal.addEventListener('abort', () => note('abort'));
      process.on('SIGTERM', () => note('SIGTERM'));
      note('begun');
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    };`,
};

const now = () => Number(process.hrtime.bigint()) / 1e6;

/** A timer may come a moment too early. */
const slackMs = 5;

/** Time enough for a process to note a signal before the next one comes. */
const killGraceMs = 1_500;

for (const how of ['cancelled', 'over its time']) {
  test(`what is ${how} has its signal, SIGTERM after killGrace, and SIGKILL after twice that`, async (t) => {
    const config = { pool: { max: 1, killGrace: killGraceMs } };
    const { project, runtime } = await runProject(t, files, { config });
    const eventsOf = () =>
      existsSync(project.path('events'))
        ? readFileSync(project.path('events'), 'utf8')
            .split('\n')
            .slice(0, -1)
            .map((line) => line.split(' ') as [what: string, at: string])
        : [];
    const exited = (async () => {
      for await (const event of runtime.events())
        if (event.type === 'worker:exited') return { ...event, at: now() };
      return undefined;
    })();
    const timeout = how === 'cancelled' ? Number.POSITIVE_INFINITY : 1_000;
    let ended = now() + timeout;
    const invocation = runtime.invoke('stubborn', undefined, { timeout });
    if (how === 'cancelled') {
      await until('it to begin', () => eventsOf().length > 0);
      ended = now();
      invocation.cancel();
      await rejectionOf(invocation, CancelledError);
    } else {
      await rejectionOf(invocation, TimeoutError);
    }
    const exit = await within('its end', exited);
    const events = eventsOf();
    assert.deepEqual(
      events.map(([what]) => what),
      ['begun', 'abort', 'SIGTERM'],
    );
    assert.equal(exit?.signal, 'SIGKILL');
    const termMs = Number(events[2]?.[1]) - ended;
    const killMs = exit.at - ended;
    t.diagnostic(`SIGTERM after ${Math.round(termMs)} ms, SIGKILL after ${Math.round(killMs)} ms`);
    assert(termMs >= killGraceMs - slackMs, `SIGTERM after ${termMs} ms`);
    assert(killMs >= 2 * killGraceMs - 2 * slackMs, `SIGKILL after ${killMs} ms`);
  });
}
