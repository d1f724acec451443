import type { EncodedValue } from '../channel/codec.ts';
import { FrameError } from '../channel/frame-format.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import type { Arbiter } from '../shared/arbiter/arbiter.ts';
import type { Asker } from '../shared/arbiter/asker.ts';
import { isSharedRequest } from '../shared/is-request.ts';
import type { Turn } from './turn.ts';

type SharedMessage = Extract<FromWorker, { type: 'shared' }>;
type ToSharer = Extract<ToWorker, { type: 'told' | 'standsStill' }>;

/** What one worker shares with the others. */
export class WorkerSharing {
  readonly #arbiter: Arbiter;
  readonly #send: (message: ToSharer, body?: EncodedValue) => void;
  readonly #label: () => string;
  #asker: Asker | undefined;

  /** `label` names what runs, for errors of others. */
  constructor(arbiter: Arbiter, label: () => string, send: (message: ToSharer, body?: EncodedValue) => void) {
    this.#arbiter = arbiter;
    this.#label = label;
    this.#send = send;
  }

  /** @throws FrameError when that is no request */
  receive({ id, request }: SharedMessage, body: EncodedValue | undefined): void {
    if (!isSharedRequest(request)) throw new FrameError('expected a request that can be made');
    this.#arbiter.receive(this.#opened, id, request, body);
  }

  /** The worker is gone. */
  end(): void {
    if (this.#asker) this.#arbiter.leave(this.#asker);
    this.#asker = undefined;
  }

  // Most workers share nothing.
  get #opened(): Asker {
    this.#asker ??= this.#arbiter.open({
      label: this.#label,
      flows: { askWhetherStill: (question) => this.#send({ type: 'standsStill', question }) },
      answers: {
        succeeded: (id, info, body) => this.#send({ type: 'told', id, ok: true, info }, body),
        failed: (id, failure) => this.#send({ type: 'told', id, ok: false, info: failure }),
      },
    });
    return this.#asker;
  }
}

/** Names what runs, for errors. */
export function labelOf(turn: Turn | undefined): string {
  return turn ? `"${turn.record.title}" (${turn.record.id})` : 'an idle worker';
}
