import type { ReceiptState } from '../../runtime/index.ts';
import { didYouMean, receiptStates } from '../../runtime/server/client.ts';
import type { Command, CommonOptions } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';

interface ListOptions extends CommonOptions {
  readonly state: string | readonly string[] | undefined;
}

interface RetryOptions extends CommonOptions {
  readonly paths: readonly string[];
  readonly all: boolean;
}

const retryCommand: Command<RetryOptions> = {
  usage: 'retry [paths..]',
  description: 'Try files again that are set aside or wait for an attempt',
  positionals: {
    paths: { type: 'string', array: true, default: [], describe: 'Files, or folders: all set aside below' },
  },
  options: { all: { type: 'boolean', default: false, describe: 'Whatever is set aside' } },
  examples: [
    ['$0 files retry inbox/photo.jpg', 'At once, or at the next `pool start` when none is running'],
    ['$0 files retry inbox/2024', 'All that are set aside in this folder and below'],
    ['$0 files retry --all', 'All that are set aside'],
  ],
  run: retry,
};

export const filesCommand: Command<ListOptions> = {
  usage: 'files',
  description: 'List the files that triggers work on, by state',
  options: {
    state: {
      type: 'string',
      requiresArg: true,
      describe: `Only this state, or several with commas: ${receiptStates.join(', ')}, or all`,
    },
  },
  subcommands: [retryCommand],
  examples: [
    ['$0 files', 'What is not done: with state, attempts that failed, and reason'],
    ['$0 files --state setAside', 'What has been given up, and why'],
    ['$0 files --state all --json > files.ndjson', 'Everything, one line of JSON for each file'],
    ['$0 files retry inbox/photo.jpg', 'Try a file again; see `pool files retry --help`'],
  ],
  run: list,
};

async function list(options: ListOptions): Promise<ExitCode> {
  const states = readStates(options.state);
  const [{ openFiles }, { printFiles, printFilesSummary }] = await Promise.all([
    import('../project/files.ts'),
    import('../output/files.ts'),
  ]);
  const files = await openFiles(options);
  try {
    const { listed, wasRead } = await printFiles(files.list(states), {
      json: options.json,
      triggers: files.triggers,
    });
    if (!wasRead) return exitCodes.unread;
    printFilesSummary({ listed, counts: await files.counts(), note: files.note });
    return exitCodes.done;
  } finally {
    files.close();
  }
}

/** What somebody has to look after, or is on its way. */
const notFine = receiptStates.filter((state) => !['done', 'output', 'gone'].includes(state));

function readStates(given: ListOptions['state']): readonly ReceiptState[] {
  if (given === undefined) return notFine;
  const names = [given].flat().flatMap((each) => each.split(','));
  if (names.includes('all')) return receiptStates;
  const wrong = names.find((name) => !receiptStates.some((state) => state === name));
  if (wrong === undefined) return receiptStates.filter((state) => names.includes(state));
  const known = [...receiptStates, 'all'];
  throw usageFailure(
    `Expected --state to be one of ${known.join(', ')}, got ${JSON.stringify(wrong)}${didYouMean(wrong, known) || '.'}`,
  );
}

async function retry(options: RetryOptions): Promise<ExitCode> {
  const { all, paths } = options;
  if (all === paths.length > 0) {
    throw usageFailure(
      all
        ? 'Name files or folders, or give --all: both make no sense together.'
        : 'Name the files to try again, or folders, or give --all: `pool files --state setAside` lists what is set aside.',
    );
  }
  const [{ retryFiles }, { printRetries }] = await Promise.all([
    import('../project/files.ts'),
    import('../output/file-retries.ts'),
  ]);
  const done = await retryFiles(all ? 'all' : paths, options);
  printRetries(done, options);
  return done.retries.some(({ found }) => found === 'nothing') ? exitCodes.usage : exitCodes.done;
}
