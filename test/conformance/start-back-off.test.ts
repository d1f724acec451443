import assert from 'node:assert/strict';
import { until } from '../support/wait.ts';
import { testEach, whoIs } from './support.ts';

/** Once there is a file `broken` the worker that is there ends, and each that follows it ends at this moment. */
const breaking = (atLoad: string) => `
  import fs from 'node:fs';
  const isBroken = () => fs.existsSync(new URL('../broken', import.meta.url));
  ${atLoad}
  setInterval(() => { if (isBroken()) process.exit(3); }, 2);
  export default () => 1;`;

const moments: [when: string, module: string][] = [
  ['while they load', breaking('if (isBroken()) process.exit(3);')],
  ['soon after they got ready', breaking('')],
];

/** The first worker is replaced at once. Then each start waits twice as long as the one before, from 100 ms. */
const restarts = 6;
const waitsMs = 100 + 200 + 400 + 800 + 1_600;

/** A timer may come a moment too early. */
const nearly = 0.95;

for (const [when, module] of moments) {
  testEach(`workers that die ${when} are started ever more slowly, and don't stop to be`, async (t, open) => {
    const { project, runtime } = await open({ min: 1, max: 1 }, { 'functions/breaking.js': module });
    await whoIs(runtime);
    const startsOf = () => runtime.stats().pools.default?.starts ?? 0;
    const before = startsOf();
    const begun = performance.now();
    project.write('broken', '');
    await until('the restarts', () => startsOf() >= before + restarts);
    const tookMs = performance.now() - begun;
    t.diagnostic(`${restarts} restarts in ${Math.round(tookMs)} ms`);
    assert(tookMs >= nearly * waitsMs, `${restarts} restarts in ${tookMs} ms`);
    project.remove('broken');
    // The last of those that die may be there still.
    const works = () =>
      runtime.invoke('who').then(
        () => true,
        () => false,
      );
    await until('one that works', works);
  });
}
