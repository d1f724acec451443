import fs from 'node:fs';
import { type Running, runPool } from './cli.ts';
import { type Cleanup, makeProject, type Project } from './project.ts';
import { until } from './wait.ts';

/**
 * A project with an inbox. Its function notes each run in the file `runs` and fails on files that begin with "bad", unless
 * the file `fixed` is there. Files are taken for complete as they are, and set aside with the first failure, or after `attempts`.
 */
export function makeFilesProject(test: Cleanup, { attempts = 1, existing = true } = {}): Project {
  const configuration = `
    import { defineConfig, watch } from 'warm-pool';
    export default defineConfig({
      pool: { max: 1 },
      triggers: [
        watch({
          path: 'inbox', match: '*.txt', attempts: ${attempts}, existing: ${existing}, complete: () => 'whole',
          invoke: 'work', args: (file) => file.path,
        }),
      ],
    });`;
  const work = `
    import fs from 'node:fs';
    import path from 'node:path';
    const root = new URL('..', import.meta.url);
    export default (file) => {
      fs.appendFileSync(new URL('runs', root), path.basename(file) + '\\n');
      const isBad = fs.readFileSync(file, 'utf8').startsWith('bad');
      if (isBad && !fs.existsSync(new URL('fixed', root))) throw new RangeError('it is bad\\nto the core');
    };`;
  return makeProject(test, { 'pool.config.mjs': configuration, 'functions/work.js': work, runs: '' });
}

/** The files that the function was run on since the last call, in order. */
export function takeRuns(project: Project): string[] {
  const runs = fs.readFileSync(project.path('runs'), 'utf8').split('\n').filter(Boolean);
  fs.writeFileSync(project.path('runs'), '');
  return runs;
}

/** Waits until the log says of each file that it is set aside. */
export async function untilSetAside(service: Running, ...files: readonly string[]): Promise<void> {
  for (const file of files) await service.says(new RegExp(`"${file} is set aside until it changes: `));
}

/** Waits until the log says of each file that the function succeeded. */
export async function untilDone(service: Running, ...files: readonly string[]): Promise<void> {
  for (const file of files) await service.says(new RegExp(`"work ${file}: done in `));
}

/** Stops \`pool start\` and waits for its end. */
export async function stopped(service: Running): Promise<void> {
  service.interrupt();
  const { code, stderr } = await service.ended;
  if (code !== 0) throw new Error(`\`pool start\` ended with ${code}:\n${stderr}`);
}

/** What \`pool files --json\` lists, by the paths from the project. */
export async function listedFiles(
  test: Cleanup,
  project: Project,
  ...args: readonly string[]
): Promise<Map<string, Record<string, unknown>>> {
  const { code, stdout, stderr } = await runPool(test, project, ['files', '--json', ...args]);
  if (code !== 0) throw new Error(stderr);
  const files = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown> & { path: string });
  return new Map(files.map((file) => [file.path.replace(`${project.root}/`, ''), file]));
}

/** Waits until \`pool files\` lists a file in a state. */
export function untilListed(
  test: Cleanup,
  project: Project,
  file: string,
  state: string,
): Promise<Record<string, unknown>> {
  return until(`${file} is ${state}`, async () =>
    (await listedFiles(test, project, '--state', state)).get(file),
  );
}
