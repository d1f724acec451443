import type { EncodedValue } from '../channel/codec.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { nestedRecord } from '../invocation/nesting.ts';
import type { Outcome } from '../invocation/outcome.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import { encodeFailure, type Turn } from './turn.ts';

type CallMessage = Extract<FromWorker, { type: 'call' }>;
type Answer = Extract<ToWorker, { type: 'answer' }>;

export interface WorkerCallsOptions {
  submit(child: InvocationRecord, args: EncodedValue, options: CallMessage['options']): void;
  answer(message: Answer, body: EncodedValue | undefined): void;
  /** What runs, of this function, waits from now on. */
  onWaits(functionName: string): void;
  /** It waits for nothing any more. */
  onGoesOn(functionName: string): void;
}

/** The invocations that what one worker runs has asked for by `ctx.invoke`, and that have not ended. */
export class WorkerCalls {
  readonly #options: WorkerCallsOptions;
  readonly #open = new Map<number, InvocationRecord>();

  constructor(options: WorkerCallsOptions) {
    this.#options = options;
  }

  get areOpen(): boolean {
    return this.#open.size > 0;
  }

  /** The function of this turn asks for one. */
  begin(turn: Turn, { call, name, options }: CallMessage, args: EncodedValue): void {
    const { record: parent } = turn;
    // Its own begin may not have been noticed yet, when the output of the run before it is still read.
    const deadlineAt = (turn.since || performance.now()) + turn.timeoutMs;
    const child = nestedRecord(parent, name, deadlineAt);
    if (parent.hasEnded) {
      this.#answer(call, { kind: 'cancelled', reason: `"${parent.functionName}" was told to end` }, child);
      return;
    }
    parent.children ??= new Set();
    parent.children.add(child);
    this.#open.set(call, child);
    child.receive((outcome, last) => {
      parent.children?.delete(child);
      this.#open.delete(call);
      this.#answer(call, outcome, last);
      if (!this.areOpen) this.#options.onGoesOn(parent.functionName);
    });
    // Before it is queued: the place that its parent gives up may be the one it needs.
    if (this.#open.size === 1) this.#options.onWaits(parent.functionName);
    this.#options.submit(child, args, options);
  }

  /** The function gives one up. */
  cancel(call: number, reason: unknown): void {
    this.#open.get(call)?.cancel(reason);
  }

  #answer(call: number, outcome: Outcome, child: InvocationRecord): void {
    if (outcome.kind === 'succeeded') this.#options.answer({ type: 'answer', call, ok: true }, outcome.body);
    else this.#options.answer({ type: 'answer', call, ok: false }, encodeFailure(outcome, child));
  }
}
