import { availableParallelism } from 'node:os';
import type { Command, CommonOptions } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';
import { lastOf, onlyOne } from '../repeated-option.ts';

interface MapOptions extends CommonOptions {
  readonly function: string;
  readonly items: readonly string[];
  readonly as: string | undefined;
  readonly concurrency: string | undefined;
  readonly timeout: string | undefined;
  readonly attempts: string | undefined;
}

export const mapCommand: Command<MapOptions> = {
  usage: 'map <function> [items..]',
  description: 'Run a function for each of many items',
  positionals: {
    function: { type: 'string', describe: 'Its name, such as thumbnail or images/resize' },
    items: {
      type: 'string',
      array: true,
      default: [],
      describe: '- reads them from standard input, a line each',
    },
  },
  options: {
    as: {
      type: 'string',
      requiresArg: true,
      coerce: onlyOne('--as'),
      describe: 'Items are text, under this key in the arguments; else an item is the arguments, as JSON',
    },
    concurrency: {
      type: 'string',
      requiresArg: true,
      coerce: lastOf,
      describe: 'The most at once; default: twice the number of cores',
    },
    timeout: {
      type: 'string',
      requiresArg: true,
      coerce: lastOf,
      describe: "For each item, instead of the function's own: 500 (ms), 10s, 2m, Infinity",
    },
    attempts: {
      type: 'string',
      requiresArg: true,
      coerce: lastOf,
      describe: "The most attempts for each item, instead of the function's own retry",
    },
  },
  examples: [
    ['$0 map thumbnail photos/*.jpg --as src', 'Arguments such as {"src":"photos/a.jpg"}'],
    [`$0 map double '{"value":1}' '{"value":2}'`, 'An item is the arguments, as JSON'],
    ['$0 map fetch urls/* --as src --attempts 3', 'What fails is tried again, a second later'],
    ["find photos -name '*.jpg' | $0 map thumbnail - --as src", 'Items from a pipe, one on each line'],
  ],
  run: map,
};

async function map(options: MapOptions): Promise<ExitCode> {
  const startedAt = performance.now();
  const { readItems } = await import('../items.ts');
  const items = readItems(options.items, options.as);
  const concurrency = await readConcurrency(options.concurrency);
  const each = await readEach(options);
  const { InterruptedWork } = await import('../interrupted-work.ts');
  const work = new InterruptedWork();
  try {
    const { openProject } = await import('../project/open.ts');
    const project = await work.open(openProject(options));
    const { runEach } = await import('../run-each.ts');
    const { exitCode, ...counts } = await runEach(items, {
      project,
      each,
      concurrency,
      signal: work.signal,
      options,
    });
    const { printSummary } = await import('../output/items.ts');
    printSummary(options.function, { ...counts, durationMs: performance.now() - startedAt });
    return exitCode;
  } finally {
    await work.close();
  }
}

/** So that each core has one and the next one waits for it. */
const itemsPerCore = 2;

async function readConcurrency(given: string | undefined): Promise<number> {
  if (given === undefined) return itemsPerCore * availableParallelism();
  return (await import('../whole-number.ts')).readWholeNumber('--concurrency', given);
}

async function readEach({ timeout, attempts }: MapOptions) {
  const [{ readTimeout }, { readRetry }] = await Promise.all([
    import('../timeout.ts'),
    import('../retry.ts'),
  ]);
  return { timeoutMs: readTimeout(timeout), retry: readRetry(attempts) };
}
