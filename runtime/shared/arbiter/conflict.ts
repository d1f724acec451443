import type { SharedFailure } from '../requests.ts';

/** Two who share a thing don't agree on what it is. */
export function conflict(
  kind: string,
  name: string,
  option: string,
  has: unknown,
  asked: unknown,
): SharedFailure {
  const message =
    `The ${kind} "${name}" has \`${option}\` ${has}, and was asked for with ${asked}: ` +
    'give the same everywhere, or leave it out.';
  return { code: 'SHARED_CONFLICT', message };
}
