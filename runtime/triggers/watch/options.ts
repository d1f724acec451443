import type { ConfigIssue } from '../../errors/pool-errors.ts';
import { durationExpected, parseDuration } from '../../options/duration.ts';
import {
  commonRules,
  expected,
  findMistakes,
  isFunction,
  isText,
  type OptionRules,
} from '../option-rules.ts';
import { completeByExtension } from './completeness/complete.ts';
import type { CompletenessCheck, WatchedFile } from './watched-file.ts';

/** Options of {@link watch}. */
export interface WatchOptions {
  /**
   * The folder to watch, absolute or relative to the configuration file's folder. It is created when it doesn't exist;
   * when it is removed later, the trigger waits for its return.
   */
  path: string;
  /**
   * Which files, as a glob or a list of them; default: all. A pattern without a slash matches the file's name at any
   * depth, one with a slash its path below the watched folder. Extensions match without case: `*.jpg` takes `A.JPG`.
   *
   * Hidden files and what programs call an unfinished file (`*.part`, `*.tmp`, `*~` and the like) never match.
   */
  match?: string | readonly string[];
  /** Files and folders that are left alone, in the same form, as in `['thumbnails', 'drafts/**']`. Wins over `match`. */
  ignore?: string | readonly string[];
  /** Whether folders inside the folder are watched too, those included that appear later. Default: true. */
  recursive?: boolean;
  /** The name of the function to invoke, once for each version of each file. */
  invoke: string;
  /** Makes the function's arguments: `(file) => ({ src: file.path })`. */
  args: (file: WatchedFile) => unknown;
  /**
   * Whether links to files and folders are followed. What is reached through a link has its path through it. Default:
   * false.
   *
   * A folder that is reached in two ways is two folders: its files are taken up in both. A link to a folder that it is
   * in itself is left alone. What changes in a linked folder is noticed at once; a linked file that changes where it
   * is, by `poll` or within ten minutes.
   */
  followSymlinks?: boolean;
  /**
   * Whether folders are looked at again and again, for file systems that don't report what others write: true for every
   * second, an interval as a number of ms or a string such as `'5s'`, or false. With true or an interval that is all that
   * is done: nothing is watched. Default: each second, and watched as well, what is on a network file system or the like,
   * which Linux alone tells (NFS, SMB, FUSE, 9p and some more).
   *
   * Where looking at everything takes long there are longer pauses, of up to a minute: at most a tenth of the time goes
   * into it.
   */
  poll?: boolean | number | string;
  /** Whether files that are there at the start are taken up too. Default: true. */
  existing?: boolean;
  /**
   * Whether the work for a file was done earlier, as far as its outputs tell. It is asked about the files that are there
   * when the receipts begin anew: at the first start, or after `dataDir` was lost. Default: none was.
   */
  isDone?: (file: WatchedFile) => boolean | Promise<boolean>;
  /** How often a version may fail before it is set aside until the file changes. Default: 3. */
  attempts?: number;
  /**
   * Tells a file that has arrived completely from one that is still being written. Default: `complete.jpeg` for the
   * extensions of JPEG, else `complete.stable`.
   */
  complete?: CompletenessCheck;
  /**
   * How long a file has to stay the same that its check can't vouch for, as a number of ms or a string such as `'2s'`.
   * Default: 25 ms; on a network file system as long as that may be wrong about a file (NFS 3 s, SMB and FUSE 1 s).
   */
  settle?: number | string;
  /** Names the trigger among those of one configuration. Default: the path and the function. */
  id?: string;
}

/** The options, checked and with their defaults. */
export interface WatchSettings {
  readonly path: string;
  readonly match: readonly string[];
  readonly ignore: readonly string[];
  readonly recursive: boolean;
  readonly invoke: string;
  readonly args: (file: WatchedFile) => unknown;
  readonly followSymlinks: boolean;
  readonly poll: PollSetting;
  readonly existing: boolean;
  readonly isDone: ((file: WatchedFile) => boolean | Promise<boolean>) | undefined;
  readonly attempts: number;
  readonly complete: CompletenessCheck;
  /** In ms; undefined: it depends on the file system. */
  readonly settle: number | undefined;
  readonly id: string;
}

/** Which folders are polled, and how often: all, those whose file system calls for it, or none. */
export interface PollSetting {
  readonly folders: 'all' | 'remote' | 'none';
  /** In ms; undefined: as often as is usual. */
  readonly interval: number | undefined;
}

/** Every mistake in the options, with the name of the option as its path. */
export function checkOptions(options: unknown): ConfigIssue[] {
  return findMistakes('watch', rules, options);
}

/** Fills in the defaults of options that have no mistakes. */
export function readOptions(options: WatchOptions): WatchSettings {
  const { path, match, ignore, recursive, invoke, args, isDone, attempts, complete, id } = options;
  return {
    path,
    match: match === undefined ? ['*'] : [match].flat(),
    ignore: ignore === undefined ? [] : [ignore].flat(),
    recursive: recursive ?? true,
    invoke,
    args,
    followSymlinks: options.followSymlinks ?? false,
    poll: readPoll(options.poll),
    existing: options.existing ?? true,
    isDone,
    attempts: attempts ?? 3,
    complete: complete ?? completeByExtension,
    settle: parseDuration(options.settle),
    id: id ?? `${path.replace(/(?<=.)[/\\]+$/, '')}:${invoke}`,
  };
}

function readPoll(poll: WatchOptions['poll']): PollSetting {
  if (poll === undefined) return { folders: 'remote', interval: undefined };
  if (poll === false) return { folders: 'none', interval: undefined };
  return { folders: 'all', interval: poll === true ? undefined : parseDuration(poll) };
}

const isBoolean = (value: unknown) => typeof value === 'boolean';
const isGlobs = (value: unknown) =>
  isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText));

// A timer can't wait for longer.
const longestPause = 2 ** 31 - 1;
const longestPauseText = '24 days at most';
const isPause = (value: unknown, least: number) => {
  const ms = parseDuration(value) ?? -1;
  return ms >= least && ms <= longestPause;
};

const rules: OptionRules<WatchOptions> = {
  path: { required: true, expected: 'the path of a folder', accepts: isText },
  match: { expected: 'a glob or a list of globs', accepts: isGlobs, mistakesIn: mistakesInGlobs },
  ignore: {
    expected: 'a glob or a list of globs',
    accepts: (value) => isGlobs(value) || (Array.isArray(value) && value.length === 0),
    mistakesIn: mistakesInGlobs,
  },
  recursive: { expected: 'true or false', accepts: isBoolean },
  invoke: commonRules.invoke,
  args: { required: true, expected: 'a function that makes the arguments from a file', accepts: isFunction },
  followSymlinks: { expected: 'true or false', accepts: isBoolean },
  poll: {
    expected: `true, false, a number of ms from 1 on or a string such as "5s" (${longestPauseText})`,
    accepts: (value) => isBoolean(value) || isPause(value, 1),
  },
  existing: { expected: 'true or false', accepts: isBoolean },
  isDone: { expected: 'a function that tells whether the work for a file was done', accepts: isFunction },
  attempts: commonRules.attempts,
  complete: { expected: 'a function such as `complete.jpeg`', accepts: isFunction },
  settle: { expected: `${durationExpected} (${longestPauseText})`, accepts: (value) => isPause(value, 0) },
  id: commonRules.id,
};

// Patterns that compile and can never do what was meant.
function mistakesInGlobs(globs: unknown): string[] {
  return ([globs].flat() as string[]).flatMap((glob) => {
    if (/^(?:[/\\]|[a-z]:[/\\]|\.\.(?:[/\\]|$))/i.test(glob))
      return [expected('a glob relative to the watched folder', glob)];
    if (/^!(?!\()/.test(glob)) return [expected('a glob without negation (use `ignore` for it)', glob)];
    return [];
  });
}
