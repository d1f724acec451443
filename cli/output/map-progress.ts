import { canShowLiveLine, showLiveLine } from './live-line.ts';
import { progressLine } from './progress-line.ts';
import { Speed } from './speed.ts';

/** Counts the items of `pool map` as they end, and shows that below its output while it runs. */
export class MapProgress {
  readonly #functionName: string;
  readonly #total: number | undefined;
  readonly #speed = new Speed(performance.now());
  readonly #hide: () => void;
  #ended = 0;
  #failed = 0;

  /** `total` is undefined for the items of standard input. */
  constructor(functionName: string, total: number | undefined) {
    this.#functionName = functionName;
    this.#total = total;
    // The line would take away what somebody is just typing as an item.
    const isTyped = total === undefined && process.stdin.isTTY;
    this.#hide = canShowLiveLine() && !isTyped ? showLiveLine((columns) => this.#line(columns)) : () => {};
  }

  /** They are counted when they end, which is before they can be printed in order. */
  ended({ ok }: { readonly ok: boolean }): void {
    this.#ended++;
    if (!ok) this.#failed++;
  }

  stop(): void {
    this.#hide();
  }

  #line(columns: number): string {
    const progress = {
      name: this.#functionName,
      kind: 'items',
      ended: this.#ended,
      total: this.#total,
      failed: this.#failed,
      perSecond: this.#speed.perSecond(this.#ended, performance.now()),
      hasBar: true,
    };
    return progressLine(progress, columns, process.stderr);
  }
}
