import type { Logger } from 'warm-pool';
import { until } from './wait.ts';

/** Keeps what is logged, as `info the message`, in order. */
export class LogLines {
  readonly lines: string[] = [];
  readonly logger: Logger = {
    trace: this.#writing('trace'),
    debug: this.#writing('debug'),
    info: this.#writing('info'),
    warn: this.#writing('warn'),
    error: this.#writing('error'),
    fatal: this.#writing('fatal'),
    child: () => this.logger,
  };

  /** Waits for a line like this. */
  async line(pattern: RegExp): Promise<void> {
    await until(`a line like ${pattern}`, () => this.lines.some((line) => pattern.test(line)));
  }

  #writing(level: string): Logger['info'] {
    return (first: object | string, message?: string) => {
      this.lines.push(`${level} ${typeof first === 'string' ? first : message}`);
    };
  }
}
