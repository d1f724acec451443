import path from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { type InstalledPackage, installPackage } from '../support/installed-package.ts';
import { repository } from '../support/project.ts';

/** The package.json of a project with the package. */
export const manifest = (type: string | undefined) =>
  JSON.stringify({ name: 'project', private: true, type });

/** A strict one. */
export const tsconfig = JSON.stringify({
  compilerOptions: {
    ...{ strict: true, module: 'nodenext', target: 'es2022', noUncheckedIndexedAccess: true },
    ...{ rootDir: '.', outDir: 'out', exactOptionalPropertyTypes: true },
  },
});

export const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc');

type TestInstalled = (
  name: string,
  body: (project: InstalledPackage, t: TestContext) => Promise<void>,
) => void;

/** Tests of the package as `npm pack` makes it, installed once for all of them; without a registry they are skipped. */
export function describeInstalled(what: string, body: (testInstalled: TestInstalled) => void): void {
  describe(what, () => {
    body((name, each) =>
      test(name, async (t) => {
        const project = await installedOnce();
        if (project) await each(project, t);
        else t.skip('the registry can not be reached');
      }),
    );
  });
}

let installed: Promise<InstalledPackage | undefined> | undefined;
const cleanups: (() => unknown)[] = [];

function installedOnce(): Promise<InstalledPackage | undefined> {
  installed ??= installPackage({ after: (cleanup) => cleanups.push(cleanup) });
  return installed;
}

after(() => cleanups.map((cleanup) => cleanup()));
