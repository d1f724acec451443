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
  if (!(await bytes.load(0, 2))) return 'partial';
  // Allocated, and not even the first two bytes written.
  if (bytes.at(1) === 0 && (bytes.at(0) === 0 || bytes.at(0) === FILL)) return 'partial';
  if (bytes.at(0) !== FILL || bytes.at(1) !== SOI) return 'unknown';

  let mayEndEarly = true;
  let position = 2;
  for (;;) {
    const marker = await nextMarker(bytes, position);
    if (marker === undefined) return 'partial';
    if (marker.code === EOI) return marker.end === bytes.size ? 'whole' : 'unknown';
    position = marker.end;
    if (marker.code === SOI || marker.code === TEM) continue;

    if (!(await bytes.load(position, 2))) return 'partial';
    const length = bytes.at(position) * 256 + bytes.at(position + 1);
    // A length counts itself. A shorter one is damage, past which the next marker is looked for, as decoders do.
    if (length >= 2) position += length;

    if (PROGRESSIVE.has(marker.code)) mayEndEarly = false;
    if (marker.code === SOS && mayEndEarly) {
      if (await endsWithEndOfImage(bytes, position)) return 'whole';
      mayEndEarly = false;
    }
  }
}

// Within a scan, FF is followed by 00 (a data byte of FF), a restart marker or fill; anything else ends the scan. In
// the header the marker stands right at `from`, and damaged bytes before it are passed over.
async function nextMarker(
  bytes: ByteWindow,
  from: number,
): Promise<{ code: number; end: number } | undefined> {
  let position = from;
  while (await bytes.load(position, 2)) {
    const found = bytes.indexOf(FILL, position);
    if (found === -1) {
      position = bytes.end;
      continue;
    }
    if (found + 2 > bytes.end) {
      position = found;
      continue;
    }
    const code = bytes.at(found + 1);
    if (code === FILL) position = found + 1;
    else if (code === 0 || (code >= RST0 && code <= RST7)) position = found + 2;
    else return { code, end: found + 2 };
  }
  return undefined;
}

// FF D9 can't occur in the data of a scan, so one in the last two bytes ends an image whose scan began before it. A
// progressive image has tables and segments between its scans, where it could occur: those are walked.
async function endsWithEndOfImage(bytes: ByteWindow, scanStart: number): Promise<boolean> {
  if (bytes.size - 2 < scanStart) return false;
  const tail = await bytes.read(bytes.size - 2, 2);
  return tail[0] === FILL && tail[1] === EOI;
}
