import type { LogLevel } from '../runtime/index.ts';
import { logLevels } from '../runtime/server/client.ts';
import { usageFailure } from './failure.ts';

/** @throws CommandFailure when there is no such level */
export function readLogLevel(given: string): LogLevel {
  const level = logLevels.find((each) => each === given);
  if (level) return level;
  throw usageFailure(
    `Expected --log-level to be one of ${logLevels.join(', ')}, got ${JSON.stringify(given)}.`,
  );
}
