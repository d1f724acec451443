import assert from 'node:assert/strict';
import { createRuntime, FunctionError, type Runtime } from 'warm-pool';
import { makeThumbnails } from '../../functions/_thumbnail/make-thumbnails.ts';
import { thumbnailInput } from '../../functions/_thumbnail/thumbnail-input.ts';
import type { ThumbnailResult } from '../../functions/_thumbnail/thumbnail-result.ts';

interface Caller {
  cwd?: string;
  signal?: AbortSignal;
}

/** Calls the thumbnail function as a caller in `cwd` does. All tests of it go through here. */
export async function thumbnail(
  input: Record<string, unknown>,
  { cwd = process.cwd(), signal }: Caller = {},
): Promise<ThumbnailResult> {
  shared ??= createRuntime({ config: { functions: 'warm-pool/functions' }, hotReload: false });
  return (await shared).invoke<ThumbnailResult>('thumbnail', input, { cwd, signal });
}

/** Resolves when nothing of what was called is still at work. */
export async function settled(): Promise<void> {
  await (await shared)?.drain();
}

// One for all tests of a file. It is idle between them and ends with the program that forgot it.
let shared: Promise<Runtime> | undefined;

/** The same in this process, for tests in which the process itself matters: its rights, or its death. */
export async function thumbnailHere(
  input: Record<string, unknown>,
  { cwd = process.cwd(), signal }: Caller = {},
): Promise<ThumbnailResult> {
  const result = await thumbnailInput['~standard'].validate(input);
  assert(!result.issues);
  return await makeThumbnails(result.value, { cwd, signal });
}

/** The error the function fails with: its code and its message, one line that names the photo. */
export async function failureOf(
  input: Record<string, unknown>,
  make: (input: Record<string, unknown>) => Promise<ThumbnailResult> = thumbnail,
): Promise<{ code: string; message: string }> {
  const thrown = await make(input).then(
    (result) => assert.fail(`expected an error, got ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  // A runtime wraps what a function throws.
  const error = thrown instanceof FunctionError ? thrown.cause : thrown;
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
