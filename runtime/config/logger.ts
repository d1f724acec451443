import { type LogLevelName, levelNames } from '../channel/levels.ts';
import { inMidst } from '../channel/midst.ts';

/** Writes one line at a level: an object of fields with a message, or a message alone. */
export interface LogMethod {
  (fields: object, message?: string): void;
  (message: string): void;
}

/**
 * What the runtime logs to. A pino logger fits as it is; anything with these methods does.
 * `child` binds fields to every line the returned logger writes.
 */
export interface Logger {
  trace: LogMethod;
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  fatal: LogMethod;
  child(bindings: Record<string, unknown>): Logger;
}

/** What can be asked for: a level and everything above it, or nothing. */
export const logLevels = [...levelNames, 'silent'] as const;
export type LogLevel = LogLevelName | 'silent';

/** A logger that writes from this level on. */
export function fromLevel(logger: Logger, level: LogLevel): Logger {
  const first = logLevels.indexOf(level);
  const filtered = {
    child: (bindings: Record<string, unknown>) => fromLevel(logger.child(bindings), level),
  } as Logger;
  for (const [index, name] of levelNames.entries()) {
    filtered[name] = index < first ? ignore : unfailing(logger[name].bind(logger) as LogMethod);
  }
  return filtered;
}

// A logger that fails, on a full disk for example, must not change what becomes of an invocation.
function unfailing(method: LogMethod): LogMethod {
  const write = method as (...args: unknown[]) => void;
  return (...args: unknown[]) => {
    try {
      inMidst(() => write(...args));
    } catch (error) {
      process.emitWarning(
        `The logger given to warm-pool failed: ${error instanceof Error ? error.message : error}`,
      );
    }
  };
}

const ignore = () => {};

/** The logger of an embedded runtime that was given none: an embedded runtime prints nothing. */
export const silentLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
  child: () => silentLogger,
};
