import type { SharedRequest } from './requests.ts';

/** Whether what came from a worker is a request: a function can write anything to its connection. */
export function isSharedRequest(value: unknown): value is SharedRequest {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Fields;
  const op = fields.op;
  if (typeof op !== 'string' || !Object.hasOwn(checks, op)) return false;
  const check = checks[op as SharedRequest['op']];
  return (unnamed.has(op) || isName(fields.name)) && check(fields);
}

type Fields = Readonly<Record<string, unknown>>;

const unnamed: ReadonlySet<string> = new Set(['words', 'outbox', 'bell', 'giveUp', 'abandon', 'still']);

const checks: Readonly<Record<SharedRequest['op'], (fields: Fields) => boolean>> = {
  lock: ({ tries, mayEnd }) => isFlag(tries) && isFlag(mayEnd),
  unlock: ({ abandoned, after }) => isFlag(abandoned) && isNumberOrNone(after),
  slot: () => true,
  words: () => true,
  keep: ({ after }) => isNumberOrNone(after),
  outbox: () => true,
  bell: () => true,
  permit: (fields) => arePermits(fields) && isFlag(fields.tries),
  return: (fields) => arePermits(fields) && isNumber(fields.of),
  event: ({ act }) => isOneOf(act, ['set', 'clear', 'isSet', 'wait']),
  condition: ({ lock }) => isName(lock),
  notify: ({ count }) => isNumber(count),
  barrier: ({ parties }) => isCount(parties),
  barrierState: ({ parties, act }) => isCount(parties) && isOneOf(act, ['look', 'reset', 'abort']),
  put: ({ maxSize, tries }) => isCountOrNone(maxSize) && isFlag(tries),
  get: ({ maxSize, tries, many }) => isCountOrNone(maxSize) && isFlag(tries) && isFlag(many),
  settle: ({ of, act }) => isNumber(of) && isOneOf(act, ['done', 'putBack']),
  queue: ({ act }) => isOneOf(act, ['look', 'close', 'join', 'clear', 'lane', 'closeLane']),
  set: ({ key, version }) => isText(key) && isNumberOrNone(version),
  entry: ({ key, act }) => isText(key) && isOneOf(act, ['get', 'has', 'delete']),
  increment: ({ key, by }) => isText(key) && typeof by === 'number',
  map: ({ act }) => isOneOf(act, ['size', 'keys', 'entries', 'clear']),
  abandon: ({ of }) => isNumber(of),
  giveUp: ({ of }) => isNumber(of),
  still: ({ of, isStill }) => isNumber(of) && typeof isStill === 'boolean',
};

/** There may be none at first where they can be added to. */
function arePermits({ permits, bounded }: Fields): boolean {
  return isFlag(bounded) && (isCountOrNone(permits) || (permits === 0 && bounded === false));
}

function isName(value: unknown): boolean {
  return isText(value) && value !== '';
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** A number from 0, and not NaN. */
function isNumber(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

function isNumberOrNone(value: unknown): boolean {
  return value === undefined || isNumber(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isCountOrNone(value: unknown): boolean {
  return value === undefined || isCount(value);
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

function isOneOf(value: unknown, of: readonly string[]): boolean {
  return of.includes(value as string);
}
