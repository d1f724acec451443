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

/** One line as it was logged. */
export interface Line {
  readonly level: string;
  readonly message: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that keeps each line with its fields. */
export function keepLines(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const write = (level: string) => (first: object | string, message?: string) =>
    void lines.push(
      typeof first === 'string'
        ? { level, message: first, fields: {} }
        : { level, message, fields: { ...first } },
    );
  const logger: Logger = {
    ...{ trace: write('trace'), debug: write('debug'), info: write('info') },
    ...{ warn: write('warn'), error: write('error'), fatal: write('fatal') },
    child: () => logger,
  };
  return { logger, lines };
}
