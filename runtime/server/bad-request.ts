import { inspect } from 'node:util';

/** A request that makes no sense, with the status that says so. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
  readonly code = 'BAD_REQUEST';
  readonly statusCode = 400;
}

/** What was found in a request, for the message. */
export function shown(value: unknown): string {
  return `${inspect(value, { depth: 0, maxStringLength: 80 })} (${typeof value})`;
}
