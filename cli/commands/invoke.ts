import type { Command, CommonOptions } from '../command.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { lastOf, onlyOne } from '../repeated-option.ts';

interface InvokeOptions extends CommonOptions {
  readonly function: string;
  readonly input: string | undefined;
  readonly args: string | undefined;
  readonly argsFile: string | undefined;
  readonly timeout: string | undefined;
  readonly attempts: string | undefined;
  readonly raw: boolean;
}

export const invokeCommand: Command<InvokeOptions> = {
  usage: 'invoke <function> [input]',
  description: 'Run a function and print its result',
  positionals: {
    function: { type: 'string', describe: 'Its name, such as thumbnail or images/resize' },
    input: { type: 'string', describe: '- reads the arguments from standard input' },
  },
  options: {
    args: {
      type: 'string',
      requiresArg: true,
      coerce: onlyOne('--args'),
      describe: 'The arguments, as JSON',
    },
    'args-file': {
      type: 'string',
      requiresArg: true,
      coerce: onlyOne('--args-file'),
      describe: 'A file with the arguments, as JSON',
    },
    timeout: {
      type: 'string',
      requiresArg: true,
      coerce: lastOf,
      describe: "Instead of the function's own: 500 (ms), 10s, 2m, Infinity",
    },
    attempts: {
      type: 'string',
      requiresArg: true,
      coerce: lastOf,
      describe: "The most attempts, instead of the function's own retry",
    },
    raw: { type: 'boolean', default: false, describe: 'Print a string or bytes as they are' },
  },
  examples: [
    [`$0 invoke thumbnail --args '{"src":"photo.jpg"}'`, 'Run it with these arguments'],
    [`$0 invoke thumbnail --args '{"src":"photo.jpg"}' | jq .outputs`, 'stdout is the result alone'],
    ['$0 invoke thumbnail --args-file args.json --timeout 10s', 'Arguments from a file'],
    [`$0 invoke fetch --args '{"url":"…"}' --attempts 3`, 'When it fails it is tried again, a second later'],
    [`echo '{"src":"photo.jpg"}' | $0 invoke thumbnail -`, 'Arguments from a pipe'],
  ],
  run: invoke,
};

async function invoke(options: InvokeOptions): Promise<ExitCode> {
  if (options.json && options.raw) {
    throw usageFailure(
      '--json and --raw make no sense together: --json prints an object, --raw the result alone.',
    );
  }
  const call = await readCall(options);
  const { InterruptedWork } = await import('../interrupted-work.ts');
  const work = new InterruptedWork();
  try {
    const { openProject } = await import('../project/open.ts');
    const project = await work.open(openProject(options));
    const answer = await project.invoke(options.function, { ...call, signal: work.signal });
    const { printAnswer } = await import('../output/answer.ts');
    printAnswer(answer, { ...options, functionName: options.function });
    return answer.ok ? exitCodes.done : exitCodeOf(answer.error.code);
  } finally {
    await work.close();
  }
}

async function readCall({ input, args, argsFile, timeout, attempts }: InvokeOptions) {
  const [{ readArguments }, { readTimeout }, { readRetry }] = await Promise.all([
    import('../arguments.ts'),
    import('../timeout.ts'),
    import('../retry.ts'),
  ]);
  const settings = { timeoutMs: readTimeout(timeout), retry: readRetry(attempts) };
  return { ...settings, args: await readArguments({ input, args, argsFile }) };
}
