import { type RetrySettings, readRetry } from '../invocation/retry.ts';
import type { CancelRequest, InvocationRequest } from './api.ts';
import { BadRequestError, shown } from './bad-request.ts';

/**
 * Reads the body of a request to invoke a function; no body is a call without arguments.
 * @throws BadRequestError
 */
export function readInvocationRequest(body: unknown): InvocationRequest {
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw new BadRequestError(`Expected the body to be an object with \`args\`, got ${shown(body)}.`);
  }
  const { args, timeoutMs, retry, cwd, cancelKey, ...unknown } = body as Record<string, unknown>;
  if (!isTimeout(timeoutMs)) {
    throw new BadRequestError(
      `Expected \`timeoutMs\` to be a number of ms above 0, or null for no limit, got ${shown(timeoutMs)}.`,
    );
  }
  if (cwd !== undefined && typeof cwd !== 'string') {
    throw new BadRequestError(`Expected \`cwd\` to be the path of a folder, got ${shown(cwd)}.`);
  }
  if (cancelKey !== undefined && typeof cancelKey !== 'string') {
    throw new BadRequestError(`Expected \`cancelKey\` to be a text, got ${shown(cancelKey)}.`);
  }
  for (const name of Object.keys(unknown)) {
    throw new BadRequestError(
      `Expected \`args\`, \`timeoutMs\`, \`retry\`, \`cwd\` and \`cancelKey\` in the body, got \`${name}\` too.`,
    );
  }
  return { args, timeoutMs, retry: retry === undefined ? undefined : checkRetry(retry), cwd, cancelKey };
}

/**
 * Reads the body of a request to cancel an invocation.
 * @throws BadRequestError
 */
export function readCancelRequest(body: unknown): CancelRequest {
  const { cancelKey, reason } = (body ?? {}) as Partial<Record<keyof CancelRequest, unknown>>;
  if (typeof cancelKey === 'string' && typeof reason === 'string') return { cancelKey, reason };
  throw new BadRequestError('Expected `cancelKey` and `reason`, which are text, in the body.');
}

function isTimeout(value: unknown): value is InvocationRequest['timeoutMs'] {
  return value === undefined || value === null || (typeof value === 'number' && value > 0);
}

function checkRetry(retry: unknown): RetrySettings {
  try {
    readRetry(retry);
    return retry as RetrySettings;
  } catch (error) {
    throw new BadRequestError(`In the body: ${(error as Error).message}.`);
  }
}
