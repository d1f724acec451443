import fs from 'node:fs';
import { type Mapping, mapFile } from '../../channel/mapping.ts';
import { openUnnamedFile } from '../../channel/unnamed-file.ts';

/** Where memory is that is shared. */
export interface SharedPlace {
  /** How another process of this user opens it. */
  readonly file: string;
  /** Where it is in this process, for its threads. */
  readonly address: string;
}

/** Memory that others can map as well: a file without a name. */
export class SharedFile {
  readonly bytes: Buffer;
  /** How others find it. */
  readonly place: SharedPlace;
  readonly #fd: number;
  readonly #mapping: Mapping;

  private constructor(fd: number, mapping: Mapping) {
    this.#fd = fd;
    this.#mapping = mapping;
    this.bytes = mapping.bytes;
    // Linux shows the open files of a process so, also those that have no name any more.
    this.place = { file: `/proc/${process.pid}/fd/${fd}`, address: mapping.address };
  }

  /** Makes one that begins as these bytes; undefined where memory can't be shared so. */
  static create(first: Uint8Array): SharedFile | undefined {
    const fd = openUnnamedFile(first, { inMemory: true });
    if (fd === undefined) return undefined;
    const mapping = mapFile(fd, first.byteLength, 'write');
    if (mapping) return new SharedFile(fd, mapping);
    fs.closeSync(fd);
    return undefined;
  }

  /** What looks at the bytes after that ends the process. The memory is free when all have closed it. */
  close(): void {
    this.#mapping.unmap();
    fs.closeSync(this.#fd);
  }
}
