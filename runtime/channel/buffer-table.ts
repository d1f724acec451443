/**
 * The table of the large buffers of a body: their number, u32, and for each its length, u32, and its position in shared
 * memory, f64, or -1 when its bytes follow the frame. Little endian.
 */

const countBytes = 4;
const entryBytes = 4 + 8;

/** The place of a buffer that is not in shared memory. */
export const follows = -1;

export interface BufferEntry {
  readonly length: number;
  readonly position: number;
}

/** How many bytes it takes. */
export function tableRoom(count: number): number {
  return countBytes + entryBytes * count;
}

/** Returns where it ends. */
export function writeTable(entries: readonly BufferEntry[], into: Buffer, start: number): number {
  let end = into.writeUInt32LE(entries.length, start);
  for (const { length, position } of entries) {
    end = into.writeDoubleLE(position, into.writeUInt32LE(length, end));
  }
  return end;
}

export interface BufferTable {
  readonly entries: readonly BufferEntry[];
  /** The sum of their lengths. */
  readonly total: number;
  /** Where the table ends. */
  readonly end: number;
}

/** Reads the one that lies between these places; undefined when it does not. */
export function readTable(bytes: Buffer, start: number, limit: number): BufferTable | undefined {
  if (limit - start < countBytes) return undefined;
  const end = start + tableRoom(bytes.readUInt32LE(start));
  if (end > limit) return undefined;
  const entries: BufferEntry[] = [];
  let total = 0;
  for (let offset = start + countBytes; offset < end; offset += entryBytes) {
    const entry = { length: bytes.readUInt32LE(offset), position: bytes.readDoubleLE(offset + 4) };
    entries.push(entry);
    total += entry.length;
  }
  return { entries, total, end };
}
