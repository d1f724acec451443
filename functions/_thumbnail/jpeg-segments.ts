import { cutShort, damaged } from './thumbnail-error.ts';

/** One segment of a JPEG's header. */
export interface Segment {
  /** The marker's second byte: 0xe1 for APP1. */
  readonly marker: number;
  /** Where the 0xff of its marker is; fill bytes before that are not part of it. */
  readonly start: number;
  /** The first byte after the segment. */
  readonly end: number;
}

/** What the frame header (SOF) says of the picture. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Bits per sample. */
  readonly precision: number;
  readonly components: number;
}

/** A JPEG's header, taken apart: everything before its first scan. */
export interface JpegHeader {
  readonly frame: Frame;
  /** The application segments (APP0 to APP15), which hold the metadata. */
  readonly segments: readonly Segment[];
  /** Where the entropy-coded data of the first scan begins. */
  readonly scanStart: number;
}

const SOI = 0xd8;
export const EOI = 0xd9;
const APP0 = 0xe0;
export const APP1 = 0xe1;
export const APP2 = 0xe2;
export const APP14 = 0xee;
export const APP15 = 0xef;
const SOS = 0xda;
const TEM = 0x01;

// The largest profiles have 255. A file of 40 MB could be made to have ten million.
const mostSegments = 10_000;

/**
 * Takes apart the header of a file that begins with a start-of-image marker. It is as forgiving as libjpeg: any
 * number of 0xff may stand before a marker, and stray bytes between segments are skipped.
 */
export function parseJpegHeader(bytes: Buffer): JpegHeader {
  const segments: Segment[] = [];
  let frame: Frame | undefined;
  let position = 2;
  for (;;) {
    const markerEnd = nextMarker(bytes, position);
    if (markerEnd === undefined) throw cutShort('inside its header');
    const marker = bytes[markerEnd - 1] as number;
    if (marker === EOI) throw damaged('its header is damaged, it holds no picture');
    position = markerEnd;
    if (standsAlone(marker)) continue;
    const end = segmentEnd(bytes, markerEnd);
    if (isApplication(marker)) segments.push({ marker, start: markerEnd - 2, end });
    if (segments.length > mostSegments) {
      throw damaged(`its header is damaged, it has more than ${mostSegments} segments of metadata`);
    }
    if (isFrame(marker)) frame ??= readFrame(bytes.subarray(markerEnd + 2, end));
    position = end;
    if (marker === SOS) break;
  }
  if (frame === undefined) {
    throw damaged('its header is damaged, the size of the picture is missing');
  }
  return { frame, segments, scanStart: position };
}

/** Whether the picture whose first scan begins at `scanStart` reaches its end-of-image marker. */
export function reachesEndOfImage(bytes: Buffer, scanStart: number): boolean {
  // Nearly all photos end there: then the search through megabytes of scan data can be saved (1.2 ms for 3
  // MB).
  if (bytes.at(-2) === 0xff && bytes.at(-1) === EOI) return true;
  let position = scanStart;
  for (;;) {
    const markerEnd = nextMarker(bytes, position);
    if (markerEnd === undefined) return false;
    const marker = bytes[markerEnd - 1] as number;
    if (marker === EOI) return true;
    position = markerEnd;
    if (standsAlone(marker)) continue;
    // Between scans: tables and the header of the next scan.
    if (markerEnd + 2 > bytes.length) return false;
    position = markerEnd + segmentLength(bytes, markerEnd);
  }
}

/** The position after the next marker's second byte; a 0xff followed by 0 is data. */
function nextMarker(bytes: Buffer, from: number): number | undefined {
  let position = bytes.indexOf(0xff, from);
  while (position !== -1) {
    while (bytes[position] === 0xff) position++;
    if (position >= bytes.length) return undefined;
    if (bytes[position] !== 0) return position + 1;
    position = bytes.indexOf(0xff, position + 1);
  }
  return undefined;
}

function standsAlone(marker: number): boolean {
  return marker === TEM || (marker >= 0xd0 && marker <= SOI);
}

function segmentEnd(bytes: Buffer, markerEnd: number): number {
  if (markerEnd + 2 > bytes.length) throw cutShort('inside its header');
  const end = markerEnd + segmentLength(bytes, markerEnd);
  if (end > bytes.length) throw cutShort('inside its header');
  return end;
}

/** The length counts its own two bytes; where it says less, libjpeg goes on behind them. */
function segmentLength(bytes: Buffer, markerEnd: number): number {
  return Math.max(2, bytes.readUInt16BE(markerEnd));
}

function isApplication(marker: number): boolean {
  return marker >= APP0 && marker <= APP15;
}

/** SOF0 to SOF15; among them are three markers that are something else (DHT, JPG, DAC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(payload: Buffer): Frame {
  if (payload.length < 6) throw damaged('its header is damaged, the frame is too short');
  return {
    precision: payload.readUInt8(0),
    height: payload.readUInt16BE(1),
    width: payload.readUInt16BE(3),
    components: payload.readUInt8(5),
  };
}
