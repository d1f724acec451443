import { closedGroupOf, cycleOf, deadlockError, type LockWait } from './deadlock.ts';

/** When something goes on in one of them, they are asked again: it may end without giving anything back. */
const firstRetryMs = 20;
const longestRetryMs = 2_000;

interface Suspicion {
  timer: NodeJS.Timeout | undefined;
  retryMs: number;
}

/**
 * Finds out which waits for locks would never end. A cycle of them alone says little: an invocation may do several things at
 * once, and give back by one of them what it holds while another one waits. So the workers in the cycle are asked
 * whether anything goes on in them; a deadlock is told when all have said that nothing does.
 */
export class Deadlocks {
  readonly #suspicions = new Map<LockWait, Suspicion>();

  /** This wait has begun. */
  begun(wait: LockWait): void {
    if (!cycleOf(wait)) return;
    this.#suspicions.set(wait, { timer: undefined, retryMs: firstRetryMs });
    this.#ask(wait);
  }

  /** A worker has said that it is still. */
  look(): void {
    for (const wait of [...this.#suspicions.keys()]) this.#isOver(wait);
  }

  close(): void {
    for (const { timer } of this.#suspicions.values()) clearTimeout(timer);
    this.#suspicions.clear();
  }

  #ask(wait: LockWait): void {
    if (this.#isOver(wait)) return;
    for (const { stillness } of closedGroupOf(wait.asker) ?? []) stillness.ask();
    const suspicion = this.#suspicions.get(wait);
    if (!suspicion) return;
    suspicion.timer = setTimeout(() => this.#ask(wait), suspicion.retryMs).unref();
    suspicion.retryMs = Math.min(longestRetryMs, 2 * suspicion.retryMs);
  }

  /** Whether that is no cycle any more, or is known to be a deadlock, which is told. */
  #isOver(wait: LockWait): boolean {
    const cycle = wait.asker.waits.get(wait.id) === wait ? cycleOf(wait) : undefined;
    if (cycle) {
      const group = closedGroupOf(wait.asker);
      if (!group || [...group].some(({ stillness }) => !stillness.isStill)) return false;
    }
    clearTimeout(this.#suspicions.get(wait)?.timer);
    this.#suspicions.delete(wait);
    if (cycle) tell(cycle);
    return true;
  }
}

/** Tells whoever closed the cycle, or the next one that can do without what it waits for. */
function tell(cycle: readonly LockWait[]): void {
  const at = Math.max(
    0,
    cycle.findIndex(({ isDue }) => !isDue),
  );
  cycle[at]?.fail(deadlockError([...cycle.slice(at), ...cycle.slice(0, at)]));
}
