import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ownBuild } from '../peers/warm-pool.ts';

/** What was asked for on the command line. */
export interface Options {
  readonly help: boolean;
  readonly quick: boolean;
  /** Names of subjects; all when empty. */
  readonly subjects: readonly string[];
  /** Measure only contestants whose name contains one of these; all when empty. */
  readonly only: readonly string[];
  /** The file to write the figures to. */
  readonly json: string | undefined;
  readonly rounds: number | undefined;
  /** How long each reading may wait for a quiet machine. */
  readonly patienceMs: number;
  readonly build: string;
  /** How many files are to be in the folders that are watched; undefined for the subject's own numbers. */
  readonly files: readonly number[] | undefined;
  /** Where the temporary folder of the run is made. */
  readonly folder: string;
}

/** A mistake on the command line, to be shown without a stack. */
export class UsageError extends Error {}

/** The text of `--help`. */
export function helpText(subjects: readonly string[]): string {
  return `Measures warm-pool beside its peers and prints the tables of each subject.

Usage: npm run bench -- [subject..] [options]

Subjects: ${subjects.join(', ')} (all of them when none is named)

  --quick          a small version of everything: for trying it out, not for figures to keep
  --rounds N       rounds that count, instead of the subject's own number
  --patience S     before each reading, wait up to S seconds for other programs to leave the machine alone
  --only A,B       only contestants whose name contains A or B, as in --only warm-pool,piscina
  --build FOLDER   measure this build of warm-pool instead of dist/
  --files N,M      \`watch\` in folders of N and of M files, instead of its own numbers
  --folder FOLDER  write temporary files below this folder, instead of the system's folder for them
  --json FILE      also write the figures, every single reading included, to FILE
  --help           this text

Environment: POOL_PHOTOS is a folder with photos for \`thumbnail\` and \`watch\` in its folder camera/; without it,
photos are made. BENCH_PYTHON is the Python that has Pillow and aioprocessing, when it is neither python3 nor
/usr/bin/python3.`;
}

/** Reads the command line. Relative paths are those of the folder in which npm was started. */
export function parseOptions(argv: readonly string[], startFolder: string): Options {
  const { values, positionals } = parsed(argv);
  return {
    help: values.help,
    quick: values.quick,
    subjects: [...new Set(positionals)],
    only: values.only?.split(',').filter((part) => part !== '') ?? [],
    json: values.json === undefined ? undefined : path.resolve(startFolder, values.json),
    rounds: values.rounds === undefined ? undefined : positiveInteger('--rounds', values.rounds),
    patienceMs: values.patience === undefined ? 0 : positiveInteger('--patience', values.patience) * 1000,
    build: values.build === undefined ? ownBuild : path.resolve(startFolder, values.build),
    files: values.files === undefined ? undefined : distinctCounts('--files', values.files),
    folder: values.folder === undefined ? tmpdir() : path.resolve(startFolder, values.folder),
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', default: false, short: 'h' },
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        patience: { type: 'string' },
        only: { type: 'string' },
        build: { type: 'string' },
        files: { type: 'string' },
        folder: { type: 'string' },
        json: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function positiveInteger(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new UsageError(`Expected ${option} to be a whole number from 1, got \`${text}\``);
  }
  return Number(text);
}

function distinctCounts(option: string, text: string): readonly number[] {
  if (!/^\d+(?:,\d+)*$/.test(text)) {
    throw new UsageError(`Expected ${option} to be whole numbers with commas between them, got \`${text}\``);
  }
  return [...new Set(text.split(',').map(Number))].sort((a, b) => a - b);
}
