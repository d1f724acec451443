import assert from 'node:assert/strict';
import path from 'node:path';
import { compiled } from '../../harness/places.ts';
import { countDone, createRuntime } from './runtime.ts';
import type { WatcherOptions } from './watcher.ts';

// The entry of a process that has warm-pool take all files of an inbox for known, and keeps what it knows in `folder`.

const options: WatcherOptions = JSON.parse(process.argv[2] ?? '');
const runtime = await createRuntime(options, {
  functions: path.join(compiled, 'functions'),
  reaction: { invoke: 'echo', args: () => null, existing: false },
});
await runtime.start();
const done = countDone(runtime);
await runtime.close();
assert.equal(done, options.files, `Expected receipts of ${options.files} files, got ${done}`);
process.exit();
