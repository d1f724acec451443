/** How long something took, over all that was recorded since the runtime was created. All but `count` in ms. */
export interface DurationStats {
  readonly count: number;
  /** The median. The percentiles are right to 3 %. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** Exact. */
  readonly max: number;
}

// A bucket is named by the exponent and the first bits of the mantissa of its numbers, as they stand in memory: to find
// it takes a shift. Measured, a record takes 6 ns; one of node:perf_hooks takes 42.
const mantissaBits = 4;
const shift = 20 - mantissaBits;
/** 2 ** -10 ms: what is shorter is as short as that. */
const lowestExponent = -10;
const exponentBias = 1023;
const lowestBucket = (exponentBias + lowestExponent) << mantissaBits;
/** Up to 2 ** 31 ms, which is the longest that a timer can wait. */
const bucketCount = (31 - lowestExponent) << mantissaBits;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** Which half has the exponent. */
const highWord = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** Counts durations by their size, in a fixed amount of memory: 5 KB. */
export class Histogram {
  // Not 32-bit integers: a busy runtime counts beyond those in half a day.
  readonly #counts = new Float64Array(bucketCount);
  #count = 0;
  #max = 0;

  record(ms: number, count = 1): void {
    float[0] = ms;
    const bucket = ((words[highWord] as number) >>> shift) - lowestBucket;
    const index = ms > 0 ? Math.min(Math.max(bucket, 0), bucketCount - 1) : 0;
    this.#counts[index] = (this.#counts[index] as number) + count;
    this.#count += count;
    if (ms > this.#max) this.#max = ms;
  }

  /** Takes up all that another one has recorded. */
  add(other: Histogram): void {
    for (let index = 0; index < bucketCount; index++) {
      this.#counts[index] = (this.#counts[index] as number) + (other.#counts[index] as number);
    }
    this.#count += other.#count;
    this.#max = Math.max(this.#max, other.#max);
  }

  stats(): DurationStats {
    const [p50, p90, p99] = this.#percentiles([0.5, 0.9, 0.99]) as [number, number, number];
    return { count: this.#count, p50, p90, p99, max: this.#max };
  }

  /** `shares` go up. */
  #percentiles(shares: readonly number[]): number[] {
    if (this.#count === 0) return shares.map(() => 0);
    const found: number[] = [];
    let below = 0;
    for (let index = 0; index < bucketCount && found.length < shares.length; index++) {
      below += this.#counts[index] as number;
      while (found.length < shares.length && below >= (shares[found.length] as number) * this.#count) {
        found.push(Math.min(middleOf(index), this.#max));
      }
    }
    return found;
  }
}

function middleOf(index: number): number {
  return (startOf(index) + startOf(index + 1)) / 2;
}

function startOf(index: number): number {
  const steps = 1 << mantissaBits;
  return 2 ** (lowestExponent + Math.floor(index / steps)) * (1 + (index % steps) / steps);
}
