import { after, before, describe } from 'node:test';
import { makePoolProject, startService } from './cli.ts';
import type { Project } from './project.ts';

/** The same tests of a command twice: with a runtime of its own, and with a running `pool start` of the project. */
export function describeBoth(
  command: string,
  files: Record<string, string>,
  body: (project: Project, isAttached: boolean) => void,
): void {
  for (const isAttached of [false, true]) {
    const where = isAttached ? 'with a running `pool start`' : 'with a runtime of its own';
    describe(`${command} ${where}`, () => {
      const cleanups: (() => unknown)[] = [];
      const project = makePoolProject({ after: (callback) => cleanups.push(callback) }, files);
      before(async () => {
        // It ends before its project is removed.
        if (isAttached) await startService({ after: (callback) => cleanups.unshift(callback) }, project);
      });
      after(async () => {
        for (const cleanup of cleanups) await cleanup();
      });
      body(project, isAttached);
    });
  }
}
