import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { run } from '../support/installed-package.ts';
import { repository } from '../support/project.ts';
import { describeInstalled, manifest, tsc, tsconfig } from './support-installed.ts';

/** What a document links to, but for the web. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link as string);
}

/** The headings of a document, as links name them. */
function headingsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading as string);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describeInstalled('the documents of the package', (testInstalled) => {
  testInstalled('the package has what they link to', async ({ root, files }) => {
    const read = (file: string) =>
      fs.readFileSync(path.join(root, 'node_modules', 'warm-pool', file), 'utf8');
    const broken = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => linksOf(read(file)).map((link) => ({ file, link })))
      .filter(({ file, link }) => {
        const [target = '', heading] = link.split('#');
        const linked = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
        if (!files.includes(linked)) return true;
        return heading !== undefined && !headingsOf(read(linked)).includes(heading);
      });
    assert.deepEqual(broken, []);
  });

  testInstalled('their functions run with any "type", and so do their programs', async (project) => {
    const blocksOf = (file: string) => {
      const text = fs.readFileSync(path.join(repository, 'docs', file), 'utf8');
      return [...text.matchAll(/^```[jt]s\n\/\/ ((?:functions\/)?\w+\.\w+)(.*?)^```$/gms)].map(
        ([, name, code]) => [name as string, `//${code}`] as const,
      );
    };
    const functions = Object.fromEntries(blocksOf('functions.md'));
    const embedding = blocksOf('embedding.md');
    const isFunction = ([name]: readonly [string, string]) => name.startsWith('functions/');
    Object.assign(functions, Object.fromEntries(embedding.filter(isFunction)));
    const programs = Object.fromEntries(embedding.filter((block) => !isFunction(block)));
    const compared = Object.fromEntries(blocksOf('compared.md'));
    assert.deepEqual(Object.keys(functions).sort(), [
      'functions/double.js',
      'functions/hello.mjs',
      'functions/scale.ts',
      'functions/squares.js',
      'functions/tally.js',
      'functions/total.js',
    ]);
    assert.deepEqual(Object.keys(programs), [
      'app.mts',
      'count.mts',
      'parts.mts',
      'many.mts',
      'talk.mts',
      'run.mts',
      'figures.mts',
    ]);
    assert.deepEqual(Object.keys(compared), ['first.mts']);
    const tsx = path.join(project.root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
    const pool = path.join(project.root, 'node_modules', '.bin', 'pool');
    const write = (type: string | undefined, files: Readonly<Record<string, string>>) =>
      project.write(`docs-${type}`, {
        'package.json': manifest(type),
        'pool.config.js':
          "import { defineConfig } from 'warm-pool';\nexport default defineConfig({ pool: { max: 1 } });\n",
        ...functions,
        ...files,
      });
    for (const type of ['module', 'commonjs', undefined]) {
      const cwd = write(type, {});
      for (const [name, args, answer] of [
        ['double', '{"value":2}', '{"doubled":4,"by":"double"}\n'],
        ['scale', '{"values":[1,2]}', '[2,4]\n'],
        ['squares', '{"from":1,"to":3}', '[1,4,9]\n'],
        ['total', '{"values":[1,2]}', '6\n'],
      ] as const) {
        const invoked = await run(pool, ['invoke', name, '--args', args], cwd);
        assert.deepEqual([invoked.code, invoked.stdout], [0, answer], invoked.stderr);
        assert.doesNotMatch(invoked.stderr, /Warning/);
      }
    }
    // Those are ESM by their names: the "type" changes nothing in them, and was seen in the functions.
    const cwd = write(undefined, { ...programs, ...compared });
    for (const [program, printed] of [
      ['app.mts', /^42\n$/],
      ['count.mts', /left\n.*succeeded/s],
      ['many.mts', /^0\n2\n4\n6\n8\n10\n$/],
      ['talk.mts', /^20\n22\n42\n42\n$/],
      ['parts.mts', /^1\n4\n9\n16\ncancelled\n$/],
      ['run.mts', /^true false\n$/],
      ['figures.mts', /count: 3,.*count: 3,/s],
      [
        'first.mts',
        /^(?=(?:.+\n)*42\n)(?=(?:.+\n)*double succeeded\n)(?=(?:.+\n)*total succeeded\n)(?:.+\n){3}$/,
      ],
    ] as const) {
      const ended = await run(process.execPath, [tsx, program], cwd);
      assert.match(ended.stdout, printed, program);
      assert.deepEqual([ended.code, ended.stderr], [0, ''], program);
    }
  });

  testInstalled('what the README shows works', async (project) => {
    const readme = fs.readFileSync(path.join(project.root, 'node_modules', 'warm-pool', 'README.md'), 'utf8');
    const blocks = [...readme.matchAll(/^```[jt]s\n(.*?)^```$/gms)].map(([, code]) => code as string);
    const greet = blocks.find((code) => code.startsWith('// functions/greet.ts'));
    const program = blocks.find((code) => code.includes('await createRuntime('));
    assert(greet && program, 'the README has no function or no program');
    for (const type of ['module', 'commonjs']) {
      const cwd = project.write(`readme-${type}`, {
        'package.json': manifest(type),
        'tsconfig.json': tsconfig,
        'functions/greet.ts': greet,
        'main.mjs': program,
      });
      assert.deepEqual(await run(process.execPath, ['main.mjs'], cwd), {
        code: 0,
        stdout: 'Hello, Ada!\n',
        stderr: '',
      });
      const compiled = await run(process.execPath, [tsc, '--noEmit', '-p', '.'], cwd);
      assert.deepEqual([compiled.code, compiled.stdout], [0, '']);
    }
  });
});
