import { open } from 'node:fs/promises';
import type { Completeness, WatchedFile } from '../watched-file.ts';
import { ByteWindow } from './byte-window.ts';

/**
 * Judges a JPEG by walking its markers to the end of its primary image. Segments are skipped by their length, so the
 * thumbnail in the EXIF block counts for nothing; scans are searched for the next marker.
 *
 * - `whole`: the file ends with an end of image.
 * - `partial`: there is no end of image yet. A sequential writer brings it with the last bytes; a file that is
 *   allocated first ends in zeros until then.
 * - `unknown`: the image is there, and more after it (a second picture, a motion photo's video, padding), which may
 *   still be growing; or it isn't a JPEG at all.
 *
 * Reads the header and the last two bytes of an ordinary photo, all of it where those don't decide.
 */
export async function jpeg(file: WatchedFile): Promise<Completeness> {
  const handle = await open(file.path, 'r');
  try {
    return await judge(new ByteWindow(handle, file.size));
  } finally {
    await handle.close();
  }
}

const FILL = 0xff;
const TEM = 0x01;
const RST0 = 0xd0;
const RST7 = 0xd7;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;

// The frame types whose image comes in many scans: SOF2, 6, 10 and 14.
const PROGRESSIVE = new Set([0xc2, 0xc6, 0xca, 0xce]);

async function judge(bytes: ByteWindow): Promise<Completeness> {
  const walk = walkMarkers(bytes);
  for (;;) {
    const { done, value } = walk.next();
    if (done) return value;
    if (!(await bytes.load(value.position, value.length))) return 'partial';
  }
}

interface Missing {
  readonly position: number;
  readonly length: number;
}

// Stops at bytes that are not in the window, and goes on when they are: within the window nothing is awaited, however
// many markers there are in it.
function* walkMarkers(bytes: ByteWindow): Generator<Missing, Completeness, void> {
  yield { position: 0, length: 2 };
  // Allocated, and not even the first two bytes written.
  if (bytes.at(1) === 0 && (bytes.at(0) === 0 || bytes.at(0) === FILL)) return 'partial';
  if (bytes.at(0) !== FILL || bytes.at(1) !== SOI) return 'unknown';

  let mayEndEarly = true;
  let position = 2;
  for (;;) {
    position = skipToMarker(bytes, position);
    if (!bytes.has(position, 2)) {
      yield { position, length: 2 };
      continue;
    }
    const code = bytes.at(position + 1);
    if (code === EOI) return position + 2 === bytes.size ? 'whole' : 'unknown';
    if (code === SOI || code === TEM) {
      position += 2;
      continue;
    }
    if (!bytes.has(position, 4)) yield { position, length: 4 };
    const length = bytes.at(position + 2) * 256 + bytes.at(position + 3);
    // A length counts itself. A shorter one is damage, past which the next marker is looked for, as decoders do.
    position += length >= 2 ? 2 + length : 2;

    if (PROGRESSIVE.has(code)) mayEndEarly = false;
    if (code === SOS && mayEndEarly) {
      mayEndEarly = false;
      // FF D9 can't occur in the data of a scan, so one in the last two bytes ends an image whose scan began before
      // it. A progressive image has tables and segments between its scans, where it could occur: those are walked.
      const tail = bytes.size - 2;
      if (tail < position) continue;
      if (!bytes.has(tail, 2)) yield { position: tail, length: 2 };
      if (bytes.at(tail) === FILL && bytes.at(tail + 1) === EOI) return 'whole';
    }
  }
}

// The position of the next marker, or the one from which on the window has to tell more. Within a scan, FF is followed
// by 00 (a data byte of FF), a restart marker or fill; anything else ends the scan. In the header the marker stands
// right at `from`, and damaged bytes before it are passed over.
function skipToMarker(bytes: ByteWindow, from: number): number {
  let position = from;
  while (bytes.has(position, 2)) {
    if (bytes.at(position) !== FILL) {
      position = bytes.find(FILL, position);
      continue;
    }
    const code = bytes.at(position + 1);
    if (code === FILL) position += 1;
    else if (code === 0 || (code >= RST0 && code <= RST7)) position += 2;
    else break;
  }
  return position;
}
