import type { Figure, Report, Row } from './report.ts';
import type { Measure, Unit } from './subject.ts';

const nothing = '–';

/** A report as text: a heading, a table that Markdown understands too, and what a reader must know. */
export function formatReport(report: Report): string {
  const withRatios = report.rows.some(
    (row) => row.state === 'measured' && row.figures.some(({ ratio }) => ratio !== undefined),
  );
  const head = ['', ...report.measures.flatMap(({ title }) => (withRatios ? [title, 'ours/peer'] : [title]))];
  const measured = report.rows.filter((row) => row.state === 'measured');
  const body = measured.map((row) => [
    row.title,
    ...report.measures.flatMap((measure) => cellsOf(row.figures, measure, withRatios)),
  ]);
  const { rounds } = report;
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
    alignedTable([head, ...body]),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
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
