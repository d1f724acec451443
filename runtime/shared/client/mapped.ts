import fs from 'node:fs';
import { isWorthMapping, mapFile, memoryAt } from '../../channel/mapping.ts';
import type { SharedPlace } from '../arbiter/shared-file.ts';
import { RingWriter, ringBytes } from '../ring.ts';
import { sharedWords, type Words, wordsIn } from '../shared-words.ts';
import type { Asks, SharedMemoryKind } from './asks.ts';

/** The memory that an asker has in common with the arbiter, once messages have cost as much as its mapping does. */
export class Mapped {
  readonly #asks: Asks;
  readonly #memory: SharedMemoryKind;
  /** Of locks, batches and queues; undefined until they are mapped, and where they can't be. */
  words: Words | undefined;
  /** What it puts into queues. */
  ring: RingWriter | undefined;
  #isTried: boolean;

  constructor(asks: Asks, memory: SharedMemoryKind) {
    this.#asks = asks;
    this.#memory = memory;
    this.#isTried = memory === 'none';
  }

  /**
   * A message was needed, since then (of performance.now()), for what could be had without one. The wait counts in full: a
   * worker without the words gets a lock once while the others get it for a turn.
   */
  neededMessage(since: number): void {
    if (this.#isTried || !isWorthMapping((performance.now() - since) * 1000)) return;
    this.#isTried = true;
    void this.#map();
  }

  async #map(): Promise<void> {
    const words = await this.#mapAt('words', sharedWords * Int32Array.BYTES_PER_ELEMENT);
    if (words) this.words = { array: wordsIn(words) };
    const ring = words && (await this.#mapAt('outbox', ringBytes));
    if (ring) this.ring = new RingWriter(ring);
  }

  async #mapAt(op: 'words' | 'outbox', length: number): Promise<Buffer | undefined> {
    const { info } = await this.#asks.ask({ op });
    if (info === undefined || info === null) return undefined;
    const { file, address } = info as SharedPlace;
    return this.#memory === 'thread' ? memoryAt(address, length) : mapOpened(file, length);
  }
}

/** It stays mapped for as long as this process lives. */
function mapOpened(file: string, length: number): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, 'r+');
    return mapFile(fd, length, 'write')?.bytes;
  } catch {
    return undefined; // another user's process, or no such file system: messages do as well
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}
