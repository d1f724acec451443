import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository: `warm-pool` in the test projects is a link to it, so that they run what was built. */
export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What a test gives to have something undone when it ends, as node:test's context does. */
export interface Cleanup {
  after(callback: () => unknown): void;
}

export interface Project {
  readonly root: string;
  /** The absolute path of a file in it. */
  path(...parts: string[]): string;
  /** Writes a file, with its folders; by rename, as a careful editor does. */
  write(file: string, content: string | Uint8Array): void;
  remove(file: string): void;
  /** Whether a file is there. */
  has(file: string): boolean;
  /** Has something end, and waits for that, before the folder is removed: a program that works in it would go on to write. */
  beforeRemoval(end: () => unknown): void;
}

/**
 * Makes a user's project in a temporary folder, removed when the test ends. `warm-pool` can be imported in it. The
 * package is ESM unless `files` has another package.json.
 */
export function makeProject(test: Cleanup, files: Record<string, string | Uint8Array> = {}): Project {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'warm-pool-test-')));
  const ends: (() => unknown)[] = [];
  // What is to be done after a test is done in the order in which it was asked for: this comes before all of its programs.
  test.after(async () => {
    try {
      await Promise.all(ends.map(async (end) => end()));
    } finally {
      fs.rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    }
  });
  const project: Project = {
    root,
    path: (...parts) => path.join(root, ...parts),
    write(file, content) {
      const target = path.join(root, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      const temporary = path.join(path.dirname(target), `.${path.basename(target)}.new`);
      fs.writeFileSync(temporary, content);
      fs.renameSync(temporary, target);
    },
    has: (file) => fs.existsSync(path.join(root, file)),
    remove: (file) => fs.rmSync(path.join(root, file), { recursive: true, force: true }),
    beforeRemoval: (end) => void ends.push(end),
  };
  const manifest = JSON.stringify({ name: 'test-project', private: true, type: 'module' });
  for (const [file, content] of Object.entries({ 'package.json': manifest, ...files })) {
    project.write(file, content);
  }
  fs.mkdirSync(path.join(root, 'node_modules'), { recursive: true });
  fs.symlinkSync(repository, path.join(root, 'node_modules', 'warm-pool'), 'junction');
  return project;
}
