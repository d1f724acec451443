/** How fast things end: as of late, so that it follows when they become slower, and over enough of them to be steady. */
export class Speed {
  /** The first one is where the measurement begins. */
  readonly #looks: Look[];

  /** @param now ms, of `performance.now()`; nothing has ended by then */
  constructor(now: number) {
    this.#looks = [{ at: now, ended: 0 }];
  }

  /** Things a second, when so many have ended by now; undefined before anything can be said. */
  perSecond(ended: number, now: number): number | undefined {
    const last = this.#looks.at(-1);
    if (last && ended > last.ended && now - last.at >= betweenLooksMs) this.#looks.push({ at: now, ended });
    while (this.#isEnough(this.#looks[1], ended, now)) this.#looks.shift();
    const [first] = this.#looks;
    if (!first || ended === first.ended || now - first.at < betweenLooksMs) return undefined;
    return (ended - first.ended) / ((now - first.at) / 1000);
  }

  #isEnough(look: Look | undefined, ended: number, now: number): boolean {
    return look !== undefined && now - look.at >= shortestMs && ended - look.ended >= fewest;
  }
}

interface Look {
  readonly at: number;
  readonly ended: number;
}

const betweenLooksMs = 250;
const shortestMs = 5_000;
const fewest = 10;
