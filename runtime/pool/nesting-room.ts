/**
 * How many more nested invocations may start. While some wait for invocations of their own, more than `max` workers are
 * occupied. Of those, the ones no deeper than d are kept to `max` × (1 + d): so the workers are bounded, and when all
 * of them wait, what the deepest one waits for can start, as it is deeper than all of them.
 */
export class NestingRoom {
  readonly #max: number;
  /** By depth, down to the deepest that is occupied. */
  readonly #room: number[] = [];
  #occupied = 0;

  /** `depths` are those of all that are in workers, of which `max` may run and not wait. */
  constructor(depths: readonly number[], max: number) {
    this.#max = max;
    for (const depth of depths) {
      while (this.#room.length <= depth) this.#room.push(0);
      this.#room[depth] = (this.#room[depth] ?? 0) + 1;
    }
    this.#room.forEach((count, depth) => {
      this.#occupied += count;
      this.#room[depth] = max * (1 + depth) - this.#occupied;
    });
    // One that starts counts for all depths below its own as well.
    this.#room.reduceRight((below, room, depth) => {
      this.#room[depth] = Math.min(below, room);
      return this.#room[depth];
    }, Number.POSITIVE_INFINITY);
  }

  /** How many of this depth may start. */
  at(depth: number): number {
    return this.#room[depth] ?? this.#max * (1 + depth) - this.#occupied;
  }

  /** How deep the first has to be that may start. */
  get shallowest(): number {
    const found = this.#room.findIndex((room) => room > 0);
    return found === -1 ? this.#room.length : found;
  }
}
