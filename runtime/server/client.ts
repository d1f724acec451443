/**
 * The runtime from outside: all that a command needs to use one that runs in another process, and to tell how that
 * went. The CLI loads nothing else of the runtime until it has to start one, so what is listed here stays light: no
 * HTTP server, no schema library, no pool.
 */

export { findProject } from '../config/find.ts';
export { logLevels } from '../config/logger.ts';
export { receiptStates } from '../config/trigger-files.ts';
export { functionNotFound } from '../functions/not-found.ts';
export { mapItems } from '../invocation/map.ts';
export { mostAttempts, type RetrySettings } from '../invocation/retry.ts';
export { didYouMean } from '../options/did-you-mean.ts';
export { parseTimeout } from '../options/duration.ts';
export { version } from '../version.ts';
export { answerOf, type InvocationAnswer, type InvocationFigures } from './answer.ts';
export type { ControlStatus } from './api.ts';
export { type ControlClient, ControlError, RuntimeStoppingError } from './control-client.ts';
export type { ControlFile } from './control-file.ts';
export { type ErrorReport, reportError, type ThrownReport } from './error-report.ts';
export { findHolder, findRuntime } from './find-runtime.ts';
export { openKeptFiles, retryKeptFiles } from './kept-files.ts';
export { ConnectionError } from './request.ts';
export { untilGone } from './until-gone.ts';
