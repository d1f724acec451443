import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeProject, type Project } from '../support/project.ts';
import { within } from '../support/wait.ts';

/** What a user writes, with types and names in it that tsx keeps by calls of a function of its own. */
const program = `
import { createRuntime, type Invocation } from 'warm-pool';

interface Photo {
  readonly src: string;
  readonly sizes?: readonly number[];
}

const outside: number = 5;

async function main(): Promise<void> {
  const runtime = await createRuntime({ config: { functions: './functions', pool: { max: 1 } } });
  try {
    const resize = async ({ src, sizes = [1, 2] }: Photo, scale: number): Promise<string[]> => {
      const { basename } = await import('node:path');
      const { suffix } = await import('./lib.ts');
      enum Kind {
        Small = 1,
        Large,
      }
      class Namer {
        static readonly kinds = [Kind.Small, Kind.Large] as const;
        constructor(private readonly name: string) {}
        of<Size extends number>(size: Size): string {
          const inner = (value: number): string => \`\${this.name}-\${value satisfies number}\`;
          return inner(size);
        }
      }
      function each(size: number): string {
        return new Namer(basename(src)).of(size * scale!) + suffix;
      }
      return [...sizes.map(each), each.name, Namer.name, String(Namer.kinds.length)];
    };
    const invocation: Invocation<string[]> = runtime.run(resize, { src: 'in/a.jpg' }, 10);
    const result = await invocation;
    const typed = await runtime.run(<Value,>(value: Value): Value[] => [value], 'x');
    const method = await runtime.run({ twice(value: number): number { const two = () => 2; return value * two(); } }.twice, 4);
    const refusal = await runtime.run((value: number) => value + outside, 1).catch((error: Error) => error.message);
    const using = await runtime.run(() => { using held = { [Symbol.dispose]() {} }; return typeof held; }).catch((error: Error) => error.message);
    console.log(JSON.stringify({ result, typed, method, name: invocation.functionName, refusal, using }));
  } finally {
    await runtime.close();
  }
}
void main();
`;

for (const type of ['module', 'commonjs'] as const) {
  test(`functions with TypeScript in them run from a program under tsx, in a package with "type": "${type}"`, async (t) => {
    const project = makeProject(t, {
      'package.json': JSON.stringify({ name: 'test-project', private: true, type }),
      'functions/echo.js':
        type === 'module' ? 'export default (value) => value;' : 'module.exports = (value) => value;',
      'lib.ts': "export const suffix: string = '.jpg';",
      'main.ts': program,
    });
    const { refusal, using, ...told } = JSON.parse(await runUnderTsx(project)) as Record<string, string>;
    assert.deepEqual(told, {
      result: ['a.jpg-10.jpg', 'a.jpg-20.jpg', 'each', 'Namer', '2'],
      typed: ['x'],
      method: 8,
      name: 'resize',
    });
    assert.match(refusal ?? '', /it refers to `outside`, which is outside of it/);
    // Node 20 has no `using`: tsx writes it as calls of what stands beside the function.
    if (using !== 'object')
      assert.match(using ?? '', /`__using` .*what a build tool has put into the module/);
  });
}

async function runUnderTsx(project: Project): Promise<string> {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
  const tsx = fileURLToPath(import.meta.resolve('tsx/cli'));
  const child = spawn(process.execPath, [tsx, 'main.ts'], { cwd: project.root, env });
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      written[stream] += chunk;
    });
  }
  try {
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    assert.equal(await within('the end of the program', ended), 0, written.stderr);
    assert.equal(written.stderr, '');
    return written.stdout;
  } finally {
    child.kill('SIGKILL');
  }
}
