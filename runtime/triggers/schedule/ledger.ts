import type { TriggerStore } from '../../store/trigger-store.ts';

/** A run that has not ended. */
export interface RunRecord {
  /** The time it is for, in ms since 1970. */
  readonly scheduledAt: number;
  /** Whether it makes up for times that were missed. */
  readonly isMissed: boolean;
  /** How many attempts have failed. */
  readonly failures: number;
  /** How often in a row the runtime ended while it ran. */
  readonly cutOffs: number;
}

/** `queued` waits for its first attempt, `waiting` for another one. */
export type RunState = 'queued' | 'running' | 'waiting';

export type Ending =
  | { readonly outcome: 'done'; readonly durationMs: number }
  | { readonly outcome: 'failed'; readonly reason: string };

/**
 * What a schedule keeps beyond a kill: up to when the times of its pattern are accounted for, the runs that have not
 * ended, and how the last ones have.
 */
export class Ledger {
  readonly #store: TriggerStore;
  readonly #pattern: { readonly cron: string; readonly timezone: string | null };
  #account: Account;

  constructor(store: TriggerStore, { cron, timezone }: { cron: string; timezone: string | undefined }) {
    this.#store = store;
    this.#pattern = { cron, timezone: timezone ?? null };
    const { upTo, ended = 0, ...pattern } = (store.get(accountKey) ?? {}) as Partial<Account>;
    // The times of another pattern, under the same id, say nothing of what this one has missed.
    const isSame = pattern.cron === cron && pattern.timezone === this.#pattern.timezone;
    this.#account = { ...this.#pattern, upTo: isSame ? upTo : undefined, ended };
  }

  /** Up to when no time is open, in ms since 1970; undefined when the pattern is new. */
  get upTo(): number | undefined {
    return this.#account.upTo;
  }

  set upTo(ms: number) {
    this.#keep({ ...this.#account, upTo: ms });
  }

  /** The runs that the last runtime has not brought to their end, in the order of their times. */
  unfinished(): { readonly record: RunRecord; readonly state: RunState }[] {
    return (
      states
        .flatMap((state) => Array.from(this.#store.keys(state), (key) => ({ key, state })))
        .map(({ key, state }) => ({ record: this.#store.get(key) as RunRecord, state }))
        // Not what a trigger of another kind has left under this id.
        .filter(({ record }) => typeof record.scheduledAt === 'number')
        .sort((a, b) => a.record.scheduledAt - b.record.scheduledAt)
    );
  }

  note(record: RunRecord, state: RunState): void {
    this.#store.set(keyOf(record), record, { group: state, order: record.scheduledAt });
  }

  /** It is over: how, is kept of the last ones. */
  ended(record: RunRecord, ending: Ending): void {
    this.forget(record);
    const { scheduledAt } = record;
    const { outcome, ...rest } = ending;
    const key = `ended ${this.#account.ended % endedKept}`;
    this.#store.set(key, { scheduledAt, endedAt: Date.now(), ...rest }, { group: outcome });
    this.#keep({ ...this.#account, ended: this.#account.ended + 1 });
  }

  forget(record: RunRecord): void {
    this.#store.delete(keyOf(record));
  }

  /** Resolves when all that was noted so far survives a kill. */
  committed(): Promise<void> {
    return this.#store.committed();
  }

  #keep(account: Account): void {
    this.#account = account;
    this.#store.set(accountKey, account);
  }
}

interface Account {
  readonly cron: string;
  readonly timezone: string | null;
  readonly upTo: number | undefined;
  /** How many runs have ended. */
  readonly ended: number;
}

const accountKey = 'account';
const states: readonly RunState[] = ['queued', 'running', 'waiting'];

// So many runs make the counts of a status.
const endedKept = 100;

function keyOf({ scheduledAt }: RunRecord): string {
  return `run ${new Date(scheduledAt).toISOString()}`;
}
