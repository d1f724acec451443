import type { Figure, Report, Row } from './report.ts';
import type { Measure, Unit } from './subject.ts';

const nothing = '–';

/** A report as text: a heading, tables that Markdown understands too, and what a reader must know. */
export function formatReport(report: Report): string {
  const { rounds } = report;
  const measured = report.rows.filter((row) => row.state === 'measured');
  const withRatios = measured.some(({ figures }) => figures.some(({ ratio }) => ratio !== undefined));
  const notes = [
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'} in turn after one to warm up: medians, with the smallest and the largest in parentheses.`,
    ...(withRatios
      ? [
          'ours/peer: how many times as fast warm-pool is, the median of the ratios within each round; below 1 the peer is faster.',
        ]
      : []),
    ...report.notes,
    ...report.rows.flatMap(noteOf),
  ];
  return [
    `${report.subject}: ${report.title}`,
    '',
    ...tablesOf(report.measures, measured).flatMap((table) => [...table, '']),
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

type MeasuredRow = Row & { readonly state: 'measured' };

// Those with a heading, of which a subject has several, show the rows alone that take part in them.
function tablesOf(all: readonly Measure[], rows: readonly MeasuredRow[]): string[][] {
  const headings = [...new Set(all.map(({ table }) => table))];
  return headings.flatMap((heading) => {
    const measures = all.filter(({ table }) => table === heading);
    if (heading === undefined) return [[tableOf(measures, rows)]];
    const names = measures.map(({ name }) => name);
    const taking = rows.filter(({ figures }) => figures.some(({ measure }) => names.includes(measure)));
    return taking.length === 0 ? [] : [[heading, '', tableOf(measures, taking)]];
  });
}

function tableOf(measures: readonly Measure[], rows: readonly MeasuredRow[]): string {
  const columns = measures.map((measure) => ({ measure, withRatios: hasRatios(measure, rows) }));
  const head = ['', ...columns.flatMap(({ measure: { title }, withRatios }) => titlesOf(title, withRatios))];
  const body = rows.map((row) => [
    row.title,
    ...columns.flatMap(({ measure, withRatios }) => cellsOf(row.figures, measure, withRatios)),
  ]);
  return alignedTable([head, ...body]);
}

function hasRatios({ name }: Measure, rows: readonly MeasuredRow[]): boolean {
  return rows.some(({ figures }) =>
    figures.some(({ measure, ratio }) => measure === name && ratio !== undefined),
  );
}

function titlesOf(title: string, withRatios: boolean): string[] {
  return withRatios ? [title, 'ours/peer'] : [title];
}

function cellsOf(figures: readonly Figure[], { name, unit }: Measure, withRatios: boolean): string[] {
  const figure = figures.find(({ measure }) => measure === name);
  const own = figure
    ? `${inUnit(figure.median, unit)} (${rounded(figure.min)}–${rounded(figure.max)})`
    : nothing;
  const ratio = figure?.ratio
    ? `${figure.ratio.median.toFixed(2)} (${figure.ratio.min.toFixed(2)}–${figure.ratio.max.toFixed(2)})`
    : nothing;
  return withRatios ? [own, ratio] : [own];
}

function noteOf(row: Row): string[] {
  switch (row.state) {
    case 'measured':
      return [];
    case 'absent':
      return [`${row.title}: not measured, ${row.reason}`];
    case 'failed':
      return [`${row.title}: FAILED: ${row.reason}`];
  }
}

function inUnit(value: number, unit: Unit): string {
  return unit === '/s' ? `${rounded(value)}/s` : `${rounded(value)} ${unit}`;
}

// Three significant digits: the fourth is noise on any machine that also does something else.
function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

// The first column is text and stands left, the others are figures and stand right.
function alignedTable(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const lines = [rows[0] ?? [], rule, ...rows.slice(1)].map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  );
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
