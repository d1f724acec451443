/**
 * What a terminal shows after all that was written to it, with what has scrolled out of it at the top: as much of one as
 * the output of `pool` uses. A sequence that it doesn't know is an error.
 */
export class Screen {
  /** Rows that have been erased, in order: what could be seen for a while. */
  readonly erased: string[] = [];
  isCursorVisible = true;
  #columns: number;
  readonly #height: number;
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  #wraps = true;
  /** The beginning of a sequence whose end has not come yet. */
  #rest = '';

  constructor(columns: number, height: number) {
    this.#columns = columns;
    this.#height = height;
  }

  write(text: string): void {
    this.#rest += text;
    for (let found = token.exec(this.#rest); found; found = token.exec(this.#rest)) {
      this.#rest = this.#rest.slice(found[0].length);
      const [, parameters, final, character] = found;
      if (final === undefined) this.#put(character as string);
      else this.#control(parameters as string, final);
    }
  }

  /** The rows, without blanks at their ends, down to the last that is not empty. */
  get lines(): string[] {
    const lines = this.#rows.map((row) => row.join('').trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** As most terminals do it: rows that have become too long are broken, and the cursor stays with its text. */
  resize(columns: number): void {
    const before = this.#rows;
    const [row, column] = [this.#row, this.#column];
    this.#columns = columns;
    this.#rows = [];
    for (const [index, cells] of before.entries()) {
      if (index === row) {
        this.#row = this.#rows.length + Math.floor(column / columns);
        this.#column = column % columns;
      }
      const parts = Math.max(1, Math.ceil(cells.length / columns));
      for (let part = 0; part < parts; part++)
        this.#rows.push(cells.slice(part * columns, (part + 1) * columns));
    }
  }

  #control(parameters: string, final: string): void {
    const sequence = `${parameters}${final}`;
    if (final === 'm') return;
    if (sequence === 'J') this.#eraseBelow();
    else if (sequence === 'A') this.#row = Math.max(this.#row - 1, this.#rows.length - this.#height, 0);
    else if (sequence === '?7h') this.#wraps = true;
    else if (sequence === '?7l') this.#wraps = false;
    else if (sequence === '?25h') this.isCursorVisible = true;
    else if (sequence === '?25l') this.isCursorVisible = false;
    else throw new Error(`The screen of the tests doesn't know ESC[${sequence}`);
  }

  #eraseBelow(): void {
    const [current = [], ...below] = this.#rows.splice(this.#row);
    this.#rows.push(current.slice(0, this.#column));
    for (const row of [current.slice(this.#column), ...below]) {
      const text = row.join('').trimEnd();
      if (text !== '') this.erased.push(text);
    }
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#nextRow();
    else if (character < ' ')
      throw new Error(`The screen of the tests doesn't know ${JSON.stringify(character)}`);
    else {
      if (this.#column === this.#columns) {
        if (this.#wraps) {
          this.#nextRow();
          this.#column = 0;
        } else this.#column--;
      }
      const row = this.#rows[this.#row] ?? [];
      while (row.length < this.#column) row.push(' ');
      row[this.#column++] = character;
    }
  }

  #nextRow(): void {
    this.#row++;
    while (this.#rows.length <= this.#row) this.#rows.push([]);
  }
}

// A control sequence, or one character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is read here
const token = /^(?:\x1b\[([?\d;]*)([A-Za-z])|([^\x1b]))/u;
