/** Lines up rows in columns, the first row being the heading. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  return new GrowingTable().format(rows);
}

/** A table of which not all rows are there yet: its columns only ever become wider. */
export class GrowingTable {
  readonly #widths: number[] = [];

  /** Lines up some more rows. */
  format(rows: readonly (readonly string[])[]): string {
    const widths = this.#widths;
    for (const row of rows) {
      for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
    const line = (row: readonly string[]) =>
      row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
  }
}
