import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Cleanup, repository } from './project.ts';

/** The package as a user has it: packed, and installed into an empty project. */
export interface InstalledPackage {
  /** The project: what `npm init -y` makes, with warm-pool in its node_modules. */
  readonly root: string;
  /** The files of the tarball, by their paths in the package. */
  readonly files: readonly string[];
  /** Writes a project below the root, which finds the package there, and returns its folder. */
  write(folder: string, files: Record<string, string>): string;
}

/** Packs what was built and installs it; `undefined` when the registry that has its dependencies can't be reached. */
export async function installPackage(test: Cleanup): Promise<InstalledPackage | undefined> {
  const temporary = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'warm-pool-package-')));
  test.after(() => fs.rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  // Without its scripts: `prepare` would build, and with that empty the `dist` that other tests run on.
  const pack = ['pack', repository, '--ignore-scripts', '--json', '--pack-destination', temporary];
  const packed = await run('npm', pack, temporary);
  if (packed.code !== 0) throw new Error(`npm pack failed: ${packed.stderr}`);
  const [{ filename, files }] = JSON.parse(packed.stdout) as [
    { filename: string; files: { path: string }[] },
  ];

  const root = path.join(temporary, 'project');
  fs.mkdirSync(root);
  await run('npm', ['init', '-y'], root);
  const tarball = path.join(temporary, filename);
  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  const installed = await run('npm', ['install', tarball, userLibrary, ...options], root);
  if (installed.code !== 0) {
    if (unreachable.test(installed.stderr)) return undefined;
    throw new Error(`npm install failed: ${installed.stderr}`);
  }
  return {
    root,
    files: files.map((file) => file.path),
    write(folder, contents) {
      const target = path.join(root, folder);
      for (const [file, content] of Object.entries(contents)) {
        fs.mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
        fs.writeFileSync(path.join(target, file), content);
      }
      return target;
    },
  };
}

/** What users describe the input of their functions with. */
const userLibrary = 'zod@4';

const unreachable = /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;

export interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, in the environment of a user's shell. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const options = {
      cwd,
      env: environment(),
      timeout: longestMs,
      maxBuffer: Number.POSITIVE_INFINITY,
      // npm is a script there.
      shell: process.platform === 'win32',
    };
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** For an install that has to fetch everything. */
const longestMs = 240_000;

// What `npm test` and the test runner have in theirs says where they are, not where the command is.
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, INIT_CWD, npm_config_local_prefix, ...env } = process.env;
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^npm_(?:package|lifecycle)_/.test(name)),
  );
}
