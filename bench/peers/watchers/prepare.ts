import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import sharp from 'sharp';
import { provideTypicalPhoto } from '../thumbnails/photos.ts';
import { inboxIn, preparedIn } from './prepared.ts';

/** Makes the photos that land, and inboxes with these numbers of files. Returns what a reader must know of them. */
export async function prepare(
  prepared: string,
  { sizes, signal }: { readonly sizes: readonly number[]; readonly signal: AbortSignal },
): Promise<string> {
  const { photo, smallPhoto } = preparedIn(prepared);
  const note = await provideTypicalPhoto(photo, signal);
  await sharp({ create: { width: 1, height: 1, channels: 3, background: 'grey' } })
    .jpeg()
    .toFile(smallPhoto);
  for (const files of sizes) {
    await fill(inboxIn(prepared, files).inbox, files, { bytes: readFileSync(smallPhoto), signal });
  }
  return note;
}

async function fill(
  inbox: string,
  files: number,
  { bytes, signal }: { readonly bytes: Buffer; readonly signal: AbortSignal },
): Promise<void> {
  mkdirSync(inbox, { recursive: true });
  let turnBegan = performance.now();
  for (let index = 0; index < files; index += 1) {
    if (performance.now() - turnBegan > longestTurnMs) {
      await nextTurn();
      signal.throwIfAborted();
      turnBegan = performance.now();
    }
    // Synchronously: to hand each of three calls to another thread takes longer than the call.
    const file = openSync(path.join(inbox, `known-${index}.jpg`), 'wx');
    writeSync(file, bytes);
    closeSync(file);
  }
}

// So soon is a Ctrl-C heard.
const longestTurnMs = 50;
