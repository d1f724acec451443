import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Runtime } from '../../../dist/runtime/index.js';
import { compiled } from '../../harness/places.ts';
import { createRuntime } from './runtime.ts';
import type { Watcher, WatcherOptions } from './watcher.ts';

const functionName = 'landed';

/** warm-pool as an embedding app uses it: it tells of a file by running a function in a worker. */
export async function start(options: WatcherOptions): Promise<Watcher> {
  const reports = path.join(options.folder, 'reports');
  await mkdir(reports);
  const runtime = await createRuntime(options, {
    functions: path.join(compiled, 'functions'),
    reaction: { invoke: functionName, args: ({ name }) => ({ report: path.join(reports, name) }) },
  });
  const nextEnd = endsIn(runtime);
  const residentBefore = process.memoryUsage.rss();
  await runtime.start();
  let asked = 0;
  return {
    residentBefore,
    // Files land one after the other: the next end is that of this one.
    told: async (name) => {
      asked += 1;
      const status = await nextEnd();
      assert.equal(status, 'succeeded', `Expected ${functionName} to succeed for ${name}, it ${status}`);
      const invocations = runtime.stats().functions[functionName]?.invocations;
      assert.equal(invocations, asked, 'Expected the files that were there before to be known');
      return Number(await readFile(path.join(reports, name), 'utf8'));
    },
  };
}

/** Resolves to how the next invocation of the function ended. None that ends from now on is missed. */
function endsIn(runtime: Runtime): () => Promise<string> {
  const events = runtime.events()[Symbol.asyncIterator]();
  return async () => {
    for (;;) {
      const { done, value: event } = await events.next();
      if (done) throw new Error('the runtime was closed');
      if (event.type === 'invocation:ended' && event.functionName === functionName) return event.status;
    }
  };
}
