import type { Options, PositionalOptions } from 'yargs';
import type { LogLevel } from '../runtime/index.ts';
import type { ExitCode } from './exit-codes.ts';

/** The options that every command has. */
export interface CommonOptions {
  /** The configuration file; searched from the working folder upwards unless it is given. */
  readonly config: string | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly verbose: boolean;
  readonly json: boolean;
}

/** One command of `pool`: how it is called, and what it does. */
export interface Command<Given extends CommonOptions = CommonOptions> {
  /** As yargs takes it: `describe <function>`. */
  readonly usage: string;
  readonly description: string;
  readonly positionals?: Readonly<Record<string, PositionalOptions>>;
  readonly options?: Readonly<Record<string, Options>>;
  /** A command line each, with what it does. */
  readonly examples: readonly (readonly [commandLine: string, description: string])[];
  /** Commands of its own, as `retry` of `files`; its options are not theirs. */
  readonly subcommands?: readonly Command[];
  /** Imports what it needs only when it is called: a command pays for nothing of the others. */
  run(options: Given): Promise<ExitCode>;
}
