import fs from 'node:fs';
import path from 'node:path';
import { repository } from '../support/project.ts';

/** A row of a table of features: the feature, what it is here, and the tests that show it. */
export interface FeatureRow {
  readonly feature: string;
  readonly here: string;
  readonly shown: string;
}

/** A test that a table names. */
export interface Cited {
  /** Below `test/`, without `.test.ts`. */
  readonly file: string;
  readonly name: string;
}

/** The rows of all tables of a document whose columns are a feature, what it is here, and the test. */
export function featureRowsOf(text: string): FeatureRow[] {
  const tables = text.matchAll(/^\|[^|\n]+\| here \| test \|\n\| --- \| --- \| --- \|\n((?:\|.*\|\n)+)/gm);
  return Array.from(tables, ([, rows = '']) => rows.trimEnd().split('\n'))
    .flat()
    .map((row) => {
      const [feature = '', here = '', shown = '', ...more] = row.slice(1, -1).split('|');
      if (more.length > 0) throw new Error(`A row with more than three columns: ${row}`);
      return { feature: feature.trim(), here: here.trim(), shown: shown.trim() };
    });
}

/** The tests that the third column names, one a line; undefined when it is something else. */
export function citedIn(shown: string): Cited[] | undefined {
  const lines = shown.split('<br>').map((line) => /^`([\w/-]+)`: (.+)$/.exec(line.trim()));
  if (!lines.every((line) => line !== null)) return undefined;
  return lines.map(([, file = '', name = '']) => ({ file, name }));
}

/** The names of the tests in a file and in those that run with it, with `…` for what is put in when it runs. */
export function testNamesIn(file: string): string[] {
  const testFile = path.join(repository, 'test', `${file}.test.ts`);
  const own = fs.readFileSync(testFile, 'utf8');
  const beside = Array.from(own.matchAll(/^import '(\.\/[^']+)';$/gm), ([, each = '']) =>
    fs.readFileSync(path.join(path.dirname(testFile), each), 'utf8'),
  );
  const calls = [own, ...beside].join('\n').matchAll(testCalls);
  return Array.from(calls, ([, , name = '']) => name.replace(/\$\{[^}]*\}/g, '…').replace(/\\(.)/g, '$1'));
}

const testCalls = /\btest(?:Each|Installed|Shared)?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs;
