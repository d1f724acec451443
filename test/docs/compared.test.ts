import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repository } from '../support/project.ts';
import { citedIn, featureRowsOf, testNamesIn } from './support-tables.ts';

const rows = featureRowsOf(fs.readFileSync(path.join(repository, 'docs', 'compared.md'), 'utf8'));

/** What stands in the place of a test where there is nothing to show. */
const nothing = '–';

test('the tables of compared.md name tests that there are, each in its file', () => {
  const namesIn = new Map<string, string[]>();
  const wrong: string[] = [];
  for (const { feature, shown } of rows) {
    for (const { file, name } of citedIn(shown) ?? []) {
      if (!fs.existsSync(path.join(repository, 'test', `${file}.test.ts`))) {
        wrong.push(`${feature}: there is no test/${file}.test.ts`);
        continue;
      }
      if (!namesIn.has(file)) namesIn.set(file, testNamesIn(file));
      if (!namesIn.get(file)?.includes(name)) wrong.push(`${feature}: no "${name}" in ${file}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('each feature in compared.md is shown by a test, or is said to have no counterpart', () => {
  assert.ok(rows.length > 100, `only ${rows.length} rows were found`);
  const wrong = rows.filter(({ here, shown }) => {
    if (/^No counterpart\b/.test(here)) return shown !== nothing;
    return citedIn(shown) === undefined;
  });
  assert.deepEqual(wrong, []);
});
