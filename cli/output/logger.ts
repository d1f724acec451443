import pino, { type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { onLines, onOneLine } from './control-characters.ts';
import { printAbove } from './live-line.ts';
import { styleOf } from './terminal.ts';

export type PoolLogger = Logger;

interface LoggerOptions {
  /** JSON lines on a terminal too. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Only what functions say: a runtime for one call has nothing to tell of itself. */
  readonly functionsOnly?: boolean;
}

/**
 * A logger on stderr, which keeps stdout for results: for people on a terminal, JSON lines everywhere else.
 * It writes every level: the runtime that logs to it knows from which one on.
 */
export function createLogger({ json, verbose, functionsOnly = false }: LoggerOptions): PoolLogger {
  const options: pino.LoggerOptions = {
    level: 'trace',
    // The workers' pids are what matters; that of the runtime stands in its first line.
    base: undefined,
    hooks: functionsOnly ? { logMethod: passFunctions } : {},
  };
  // Synchronous: a line is out before the program ends, however it ends.
  const stderr = pino.destination({ fd: stderrFd, sync: true });
  if (!process.stderr.isTTY) return pino(options, stderr);
  const format = json ? String : prettyFormat(verbose);
  return pino(options, { write: (line) => printAbove(() => stderr.write(format(line))) });
}

const stderrFd = 2;

function prettyFormat(verbose: boolean): (line: string) => string {
  const { dim } = styleOf(process.stderr);
  return prettyFactory({
    colorize: process.stderr.hasColors(),
    translateTime: 'SYS:HH:MM:ss',
    // The messages say in words what stands in their fields, which are for programs.
    hideObject: true,
    messageFormat: ({ msg = '', err, stack, ...fields }) => {
      const { invocation } = fields;
      const who = invocation === undefined ? '' : `${dim(onOneLine(`[${fields.function} ${invocation}]`))} `;
      // A module that can't be loaded, which has a stack of its own, is told with its lines that are wrong.
      const said = invocation === undefined && stack !== undefined ? onLines(`${msg}`) : onOneLine(`${msg}`);
      const trace = stack ?? (err as Error | undefined)?.stack;
      const more = verbose && trace !== undefined ? `\n${onLines(`${trace}`)}` : '';
      return `${who}${said}${onOneLine(ownFields(fields))}${more}`;
    },
  });
}

/** What a function gave to `ctx.log` beside the message. */
function ownFields(fields: Record<string, unknown>): string {
  const { level, time, worker, function: _, invocation, stream, ...own } = fields;
  const isLogged = invocation !== undefined && stream === undefined && !('exitCode' in own);
  return isLogged && Object.keys(own).length > 0 ? ` ${JSON.stringify(own)}` : '';
}

function passFunctions(this: PoolLogger, args: Parameters<pino.LogFn>, method: pino.LogFn): void {
  const [fields] = args as unknown[];
  if (isSaidByFunction(fields)) method.apply(this, args);
}

/** What it wrote or gave to `ctx.log`. How its worker ended is told by the error of the invocation as well. */
function isSaidByFunction(fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null || 'exitCode' in fields) return false;
  return 'invocation' in fields || 'stream' in fields;
}
