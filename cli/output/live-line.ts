import { watchOtherOutput } from './other-output.ts';

/** Whether stderr is a terminal that can draw a line again. */
export function canShowLiveLine(): boolean {
  return process.stderr.isTTY === true && process.env.TERM !== 'dumb';
}

/**
 * Shows a line below everything else on the terminal, and draws it again as it changes, until the returned function is
 * called. What is printed meanwhile goes above it. `render` makes the line, of at most so many columns.
 */
export function showLiveLine(render: (columns: number) => string): () => void {
  watchOtherOutput({
    onPrint: (endsLine) => shown?.makeRoom(endsLine),
    onPipe: () => shown?.expectLine(),
    onExit: () => shown?.hide(),
  });
  const line = new LiveLine(render);
  shown?.hide();
  shown = line;
  return () => {
    line.hide();
    if (shown === line) shown = undefined;
  };
}

/** Lets somebody write whole lines to the terminal, past `process.stderr`. */
export function printAbove(write: () => void): void {
  shown?.makeRoom(true);
  write();
}

let shown: LiveLine | undefined;

/**
 * The cursor rests on an empty row above the line, not in it: a row that somebody prints whom nobody can hold up, as `jq`
 * behind a pipe, fills that one. Nothing of the terminal is changed for longer than one write, so that even a SIGKILL leaves
 * nothing that has to be restored: above all, the cursor is never hidden.
 */
class LiveLine {
  readonly #render: (columns: number) => string;
  readonly #ticks: NodeJS.Timeout;
  /** What stands there; '' when nothing does. */
  #text = '';
  /** Whether what was printed last goes on in the same row. */
  #isCut = false;
  /** From when on somebody may be about to print rows over ours: ms, of `performance.now()`. */
  #expectsSince: number | undefined;
  #nextDraw: NodeJS.Timeout | undefined;
  /** What is over before the first tick has nothing to show. */
  #hasBegun = false;

  constructor(render: (columns: number) => string) {
    this.#render = render;
    this.#ticks = setInterval(() => this.#tick(), drawAgainMs).unref();
  }

  /** Something is printed: by then the line is gone, and it is drawn again when all of this turn is out. */
  makeRoom(endsLine: boolean): void {
    this.#erase();
    this.#isCut = !endsLine;
    this.#nextDraw ??= setTimeout(() => this.#draw(), 0).unref();
  }

  /** A line has been sent to a program that may print on this terminal. There is room for one. */
  expectLine(): void {
    const now = performance.now();
    if (this.#expectsSince !== undefined) this.#erase();
    this.#expectsSince ??= now;
    // It may as well print nothing here: then the line must not be away for as long as results come.
    const waitMs = now - this.#expectsSince < longestAwayMs ? readerMs : 0;
    clearTimeout(this.#nextDraw);
    this.#nextDraw = setTimeout(() => this.#draw(), waitMs).unref();
  }

  hide(): void {
    clearInterval(this.#ticks);
    clearTimeout(this.#nextDraw);
    this.#erase();
  }

  #tick(): void {
    this.#hasBegun = true;
    // With another width it is another text.
    if (!this.#nextDraw && this.#render(columns() - 1) !== this.#text) this.#draw();
  }

  #draw(): void {
    this.#nextDraw = undefined;
    this.#expectsSince = undefined;
    if (this.#isCut || !this.#hasBegun) return;
    this.#text = this.#render(columns() - 1);
    // A terminal that turned narrower may have made several rows of the line: all that is below goes.
    writeOut(`${eraseBelow}\r\n${noWrap(this.#text)}\r${up}`);
  }

  #erase(): void {
    if (this.#text === '') return;
    this.#text = '';
    writeOut(eraseBelow);
  }
}

/** More often nobody can read it. */
const drawAgainMs = 100;

/** `jq` has its lines out within a few ms. */
const readerMs = 50;

const longestAwayMs = 1_000;

const up = '\x1b[A';
const eraseBelow = '\r\x1b[J';

// The line is cut to the terminal's width; but that may just have changed, and wide characters take two columns.
const noWrap = (text: string) => `\x1b[?7l${text}\x1b[?7h`;

// Of a terminal that doesn't tell its size it is 0.
const columns = () => process.stderr.columns || 80;

function writeOut(text: string): void {
  Reflect.apply(unwatchedWrite, process.stderr, [text]);
}

/** As it was before anybody watched it. */
const unwatchedWrite = process.stderr.write;
