import assert from 'node:assert/strict';
import { makeThumbnails, type ThumbnailResult } from '../../functions/_make-thumbnails.ts';
import { thumbnailInput } from '../../functions/_thumbnail-input.ts';

interface Caller {
  cwd?: string;
  signal?: AbortSignal;
}

/** Calls the thumbnail function as a caller in `cwd` does. All tests of it go through here. */
export async function thumbnail(
  input: Record<string, unknown>,
  { cwd = process.cwd(), signal }: Caller = {},
): Promise<ThumbnailResult> {
  return await makeThumbnails(thumbnailInput.parse(input), { cwd, signal });
}

/** The error the function fails with: its code and its message, one line that names the photo. */
export async function failureOf(
  input: Record<string, unknown>,
  caller?: Caller,
): Promise<{ code: string; message: string }> {
  const error = await thumbnail(input, caller).then(
    (result) => assert.fail(`expected an error, got ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, `expected an Error, got ${String(error)}`);
  assert.ok(
    'code' in error && typeof error.code === 'string',
    `expected an error with a code, got ${error.stack}`,
  );
  const start = `Cannot make thumbnails of ${JSON.stringify(input.src)}: `;
  assert.ok(error.message.startsWith(start), `expected the message to name the photo: ${error.message}`);
  assert.doesNotMatch(error.message, /\n/);
  return { code: error.code, message: error.message.slice(start.length) };
}
