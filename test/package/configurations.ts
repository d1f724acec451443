import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { run } from '../support/installed-package.ts';
import { repository } from '../support/project.ts';
import { describeInstalled, manifest, tsc, tsconfig } from './support-installed.ts';

/** A configuration as a document shows it. */
interface Shown {
  readonly document: string;
  readonly code: string;
  /** Its other files, by their paths, that the same document shows: what a configuration may import. */
  readonly beside: Readonly<Record<string, string>>;
}

/** All that are whole files; a fragment imports nothing. */
function configurationsShown(packageRoot: string, files: readonly string[]): Shown[] {
  return files
    .filter((file) => file.endsWith('.md'))
    .flatMap((document) => {
      const text = fs.readFileSync(path.join(packageRoot, document), 'utf8');
      const blocks = Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code as string);
      const named = blocks.map((code) => [/^\/\/ (triggers\/\S+)\n/.exec(code)?.[1], code] as const);
      const beside = Object.fromEntries(named.filter(([file]) => file !== undefined));
      return blocks
        .filter((code) => code.startsWith('// pool.config.ts') || /^import .*\bdefineConfig\b/.test(code))
        .map((code) => ({ document, code, beside }));
    });
}

/** The functions that a configuration invokes. */
function invokedBy(code: string): string[] {
  return [...code.matchAll(/\binvoke: '([^']+)'/g)].map(([, name]) => name as string);
}

const ofPackage = ['checksum', 'countdown', 'thumbnail'];

/** As in a project with `npm install --save-dev @types/node`. */
const withNodeTypes = { types: ['node'], typeRoots: [path.join(repository, 'node_modules', '@types')] };

describeInstalled('the configurations in the documents of the package', (testInstalled) => {
  testInstalled('have no mistakes of types, and are taken as they are', async (project) => {
    const packageRoot = path.join(project.root, 'node_modules', 'warm-pool');
    const shown = configurationsShown(packageRoot, project.files);
    const counts: Record<string, number> = {};
    for (const { document } of shown) counts[document] = (counts[document] ?? 0) + 1;
    assert.deepEqual(counts, {
      'README.md': 1,
      'docs/configuration.md': 1,
      'docs/threads-or-processes.md': 1,
      'docs/triggers.md': 2,
      'docs/watch.md': 3,
    });
    const pool = path.join(project.root, 'node_modules', '.bin', 'pool');
    for (const [index, { document, code, beside }] of shown.entries()) {
      const invoked = invokedBy(code);
      if (/\btriggers\b/.test(code))
        assert.ok(invoked.length > 0, `${document} has a configuration that invokes nothing:\n${code}`);
      const own = invoked.filter((name) => !ofPackage.includes(name));
      const functions = own.map((name) => [`functions/${name}.ts`, 'export default () => {};\n']);
      const cwd = project.write(`configurations/${index}`, {
        'package.json': manifest('module'),
        'pool.config.ts': code,
        // Of a user who has none yet.
        'functions/_nothing.ts': 'export {};\n',
        ...beside,
        ...Object.fromEntries(functions),
      });
      const listed = await run(pool, ['list', '--json'], cwd);
      assert.equal(listed.code, 0, `${document}:\n${code}\n${listed.stderr}`);
      const listing = JSON.parse(listed.stdout) as { name: string; state: string }[];
      const ready = listing.filter(({ state }) => state === 'ready').map(({ name }) => name);
      for (const name of invoked)
        assert.ok(ready.includes(name), `${document}: no ${name}: ${listed.stdout}`);
    }
    const { compilerOptions } = JSON.parse(tsconfig) as { compilerOptions: object };
    const all = project.write('configurations', {
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...compilerOptions, ...withNodeTypes } }),
    });
    const compiled = await run(process.execPath, [tsc, '--noEmit', '-p', '.'], all);
    assert.deepEqual([compiled.code, compiled.stdout], [0, '']);
  });
});
