import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf } from '../harness/report.ts';
import type { Outcome } from '../harness/rounds.ts';
import type { Contestant, Measure, Subject } from '../harness/subject.ts';
import { formatReport } from '../harness/table.ts';

const [ours, peer]: [Contestant, Contestant] = [contestant('ours', true), contestant('peer')];

test('measures that name a table stand in it, with those alone who take part', () => {
  const text = reportOf(
    [
      { name: 'delay', title: 'delay', unit: 'ms', table: 'first' },
      { name: 'start', title: 'start', unit: 's', table: 'first' },
      { name: 'alone', title: 'alone', unit: 'ms', table: 'second' },
      { name: 'nobody', title: 'nobody', unit: 'ms', table: 'third' },
    ],
    [
      {
        contestant: ours,
        readings: new Map([
          ['delay', [2]],
          ['start', [3]],
          ['alone', [5]],
        ]),
      },
      { contestant: peer, readings: new Map([['delay', [4]]]) },
    ],
  );
  assert.equal(
    text,
    [
      'first',
      '',
      '|      |      delay |        ours/peer |     start |',
      '| ---- | ---------: | ---------------: | --------: |',
      '| ours | 2 ms (2–2) |                – | 3 s (3–3) |',
      '| peer | 4 ms (4–4) | 2.00 (2.00–2.00) |         – |',
      '',
      'second',
      '',
      '|      |      alone |',
      '| ---- | ---------: |',
      '| ours | 5 ms (5–5) |',
    ].join('\n'),
  );
});

test('a table without a heading has a row for everyone who was measured', () => {
  const text = reportOf(
    [{ name: 'rate', title: 'rate', unit: '/s' }],
    [
      { contestant: ours, readings: new Map([['rate', [10]]]) },
      { contestant: peer, readings: new Map() },
    ],
  );
  assert.equal(
    text,
    [
      '|      |         rate |',
      '| ---- | -----------: |',
      '| ours | 10/s (10–10) |',
      '| peer |            – |',
    ].join('\n'),
  );
});

test('memory is shown without a ratio, and so is what is a ratio itself', () => {
  for (const [unit, shown] of [
    ['MB', '137 MB'],
    ['×', '137 ×'],
  ] as const) {
    const text = reportOf(
      [{ name: 'alone', title: 'alone', unit }],
      [
        { contestant: ours, readings: new Map([['alone', [0]]]) },
        { contestant: peer, readings: new Map([['alone', [137]]]) },
      ],
    );
    assert.match(text, new RegExp(`^\\| peer \\| ${shown} \\(137–137\\) \\|$`, 'm'));
  }
});

function contestant(name: string, isOurs = false): Contestant {
  return { name, ...(isOurs ? { ours: true } : {}), find: async () => ({ present: true, title: name }) };
}

/** The tables of a report, without its title and its notes. */
function reportOf(measures: readonly Measure[], outcomes: readonly Outcome[]): string {
  const contestants = outcomes.map((outcome) => outcome.contestant);
  const subject: Subject = {
    title: 'a subject',
    measures,
    contestants,
    rounds: { full: 1, quick: 1 },
    notes: [],
    measure: async () => 0,
  };
  const titles = new Map(contestants.map((each) => [each, each.name]));
  const rows = rowsOf(subject, outcomes, titles);
  const text = formatReport({ subject: 'one', title: 'a subject', rounds: 1, measures, rows, notes: [] });
  const [, tables = ''] = /^one: a subject\n\n([\s\S]*?)\n\n- /.exec(text) ?? [];
  return tables;
}
