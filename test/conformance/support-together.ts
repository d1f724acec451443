/** Most of its items are numbers; the others say what is to happen. */
export const files = {
  'functions/mixed.js': `
    import fs from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    const spin = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
    const special = {
      throws: ({ at }) => { throw Object.assign(new RangeError('not ' + at), { at }); },
      dies: () => {
        if (!isMainThread) process.exit(1);
        process.kill(process.pid, 'SIGKILL');
        for (;;);
      },
      notes: ({ at }) => {
        fs.appendFileSync(new URL('../notes', import.meta.url), at + ';');
        return at;
      },
      spins: () => { for (;;); },
      slow: ({ ms, at }) => { spin(ms); return at; },
      waits: async ({ file }) => {
        while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
        return file;
      },
      later: async ({ at }) => { await null; return at; },
      nothing: () => undefined,
      gives: ({ value }) => value,
      nan: () => Number.NaN,
      zero: () => -0,
      map: () => new Map([[1, new Set([2])]]),
      bytes: () => Buffer.from('bytes'),
      text: ({ length }) => 'ü'.repeat(length),
      id: (_, ctx) => [ctx.invocationId, ctx.functionName, ctx.attempt, ctx.signal.aborted],
      // What is printed is read while it runs.
      prints: ({ at }, ctx) => { console.log('printed ' + at); spin(3); return ctx.invocationId; },
      logs: ({ at }, ctx) => { ctx.log.info('logged ' + at); return ctx.invocationId; },
      calls: ({ at }, ctx) => ctx.invoke('mixed', at),
      locks: async ({ at }, ctx) => { (await ctx.shared.lock('one').acquire()).release(); return at; },
      parts: function* ({ at }) { yield at; yield at; },
      flaky: (_, { attempt }) => { if (attempt < 2) throw new Error('the first time'); return attempt; },
    };
    export default (value, ctx) => typeof value === 'number' ? value * 2 : special[value.kind](value, ctx);`,
};

export type Special = { readonly kind: string } & Readonly<Record<string, unknown>>;
export type Item = number | Special;

/** By then what is short travels together, as many as may. */
export const ordinary = 12_000;

/** Numbers with these in their places. */
export function itemsWith(special: Readonly<Record<number, Special>>, count = 2 * ordinary): Item[] {
  return Array.from({ length: count }, (_, index) => special[index] ?? index);
}

/** What is expected of numbers; of the others it is given. */
export function resultsOf(items: readonly Item[], of: (item: Special, index: number) => unknown): unknown[] {
  return items.map((item, index) => (typeof item === 'number' ? item * 2 : of(item, index)));
}
