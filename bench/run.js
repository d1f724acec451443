// Starts the benchmarks. Plain JavaScript without dependencies, so that it can say what is missing; everything
// else is TypeScript and compiled first: what is measured runs under plain Node, with no loader in any process.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = import.meta.dirname;
const exitCodeOfUsage = 2;

const missing = missingDependencies();
if (missing.length > 0) {
  console.error(
    `The benchmarks have dependencies of their own, and these are not installed: ${missing.join(', ')}.\n` +
      'Install them with:  npm ci --prefix bench',
  );
  process.exit(exitCodeOfUsage);
}

compile();
const { main } = await import('./dist/main.js');
process.exitCode = await main(process.argv.slice(2));

function missingDependencies() {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  return Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !existsSync(path.join(folder, 'node_modules', name, 'package.json')),
  );
}

// Types are checked by `npm run typecheck`; here a missing build of warm-pool must not hide the message about it.
function compile() {
  const tsc = path.join(folder, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', folder, '--noCheck'], { stdio: 'inherit' });
  if (status !== 0) {
    console.error('The benchmarks could not be compiled; tsc says above why.');
    process.exit(exitCodeOfUsage);
  }
}
