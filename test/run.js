// Runs every test file below this folder with Node's test runner. The files are named one by one: on Node 20 the
// runner itself finds no TypeScript tests and would call that a success.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'));

const files = readdirSync(here, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => relative(process.cwd(), join(here, file)))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

if (files.length === 0) {
  console.error(`No test file${wanted.length > 0 ? ` matches ${wanted.join(', ')}` : ''} in ${here}.`);
  process.exit(1);
}

// A test, or a file of them, that hangs fails, instead of holding up the whole run.
const longestTestMs = 600_000;

// Node's default leaves one core to its runner, which has nothing to do: with two cores that is one file at a time. One
// more than there are cores, as files wait for something now and then: with two at a time two cores idled for a fifth.
const filesAtOnce = availableParallelism() + 1;

const tsx = fileURLToPath(import.meta.resolve('tsx/cli'));
const child = spawn(
  process.execPath,
  [
    tsx,
    '--test',
    `--test-timeout=${longestTestMs}`,
    // An option of the caller stands after it, and holds.
    `--test-concurrency=${filesAtOnce}`,
    // Also where the output is no terminal: its closing lines name what failed.
    '--test-reporter=spec',
    ...options,
    ...files,
  ],
  { stdio: 'inherit' },
);
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
