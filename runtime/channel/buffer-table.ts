/** The table of the buffers that follow a frame: their number and the length of each, u32, little endian. */

import type { Part } from './structured.ts';

const entryBytes = 4;

/** How many bytes it takes. */
export function tableRoom(buffers: readonly Part[] | undefined): number {
  return buffers ? entryBytes * (1 + buffers.length) : 0;
}

/** Returns where it ends. */
export function writeTable(buffers: readonly Part[], into: Buffer, start: number): number {
  let end = into.writeUInt32LE(buffers.length, start);
  for (const { byteLength } of buffers) end = into.writeUInt32LE(byteLength, end);
  return end;
}

export interface BufferTable {
  readonly lengths: readonly number[];
  /** The sum of them. */
  readonly total: number;
  /** Where the table ends. */
  readonly end: number;
}

/** Reads the one that lies between these places; undefined when it does not. */
export function readTable(bytes: Buffer, start: number, limit: number): BufferTable | undefined {
  if (limit - start < entryBytes) return undefined;
  const end = start + entryBytes * (1 + bytes.readUInt32LE(start));
  if (end > limit) return undefined;
  const lengths: number[] = [];
  let total = 0;
  for (let offset = start + entryBytes; offset < end; offset += entryBytes) {
    const length = bytes.readUInt32LE(offset);
    lengths.push(length);
    total += length;
  }
  return { lengths, total, end };
}
