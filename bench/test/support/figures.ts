import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Report } from '../../harness/report.ts';

/** The medians of a run with `--json figures.json`, by contestant and measure. Whoever is absent isn't there. */
export async function mediansIn(folder: string): Promise<Map<string, Map<string, number>>> {
  const text = await readFile(path.join(folder, 'figures.json'), 'utf8');
  const [report] = (JSON.parse(text) as { subjects: Report[] }).subjects;
  assert.ok(report, 'Expected a subject');
  return new Map(
    report.rows.flatMap((row) => {
      if (row.state === 'absent') return [];
      assert.equal(row.state, 'measured', JSON.stringify(row));
      return [[row.name, new Map(row.figures.map(({ measure, median }) => [measure, median]))]];
    }),
  );
}
