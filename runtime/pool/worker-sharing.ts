import type { EncodedValue } from '../channel/codec.ts';
import { FrameError } from '../channel/frame-format.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import type { Arbiter } from '../shared/arbiter/arbiter.ts';
import type { Asker } from '../shared/arbiter/asker.ts';
import { isSharedRequest } from '../shared/is-request.ts';
import { SharedWait } from './shared-wait.ts';
import type { Turn } from './turn.ts';
import type { Waits } from './waits.ts';

type SharedMessage = Extract<FromWorker, { type: 'shared' }>;
type ToSharer = Extract<ToWorker, { type: 'told' | 'standsStill' }>;

export interface WorkerSharingOptions {
  readonly arbiter: Arbiter;
  /** The worker's, of which those for what is shared are some. */
  readonly waits: Waits;
  /** What it runs. */
  current(): Turn | undefined;
  send(message: ToSharer, body?: EncodedValue): void;
}

/** What one worker shares with the others. */
export class WorkerSharing {
  readonly #options: WorkerSharingOptions;
  readonly #wait: SharedWait;
  #asker: Asker | undefined;

  constructor(options: WorkerSharingOptions) {
    this.#options = options;
    this.#wait = new SharedWait(options.waits, () => options.current()?.record.functionName);
  }

  /** Whether what it runs has waited for a while for something shared. */
  get isWaiting(): boolean {
    return this.#wait.isWaiting;
  }

  /** @throws FrameError when that is no request */
  receive({ id, request }: SharedMessage, body: EncodedValue | undefined): void {
    if (!isSharedRequest(request)) throw new FrameError('expected a request that can be made');
    this.#options.arbiter.receive(this.#opened, id, request, body);
  }

  /** A run has told its end: what it asked for came before. */
  runEnded(): void {
    this.#wait.runEnded();
  }

  /** The worker is gone. */
  end(): void {
    if (this.#asker) this.#options.arbiter.leave(this.#asker);
    this.#asker = undefined;
    this.#wait.stop();
  }

  // Most workers share nothing.
  get #opened(): Asker {
    const { arbiter, current, send } = this.#options;
    this.#asker ??= arbiter.open({
      label: () => labelOf(current()),
      flows: { askWhetherStill: (question) => send({ type: 'standsStill', question }) },
      onWaits: (id) => this.#wait.began(id),
      onGoesOn: (id) => this.#wait.ended(id),
      answers: {
        succeeded: (id, info, body) => send({ type: 'told', id, ok: true, info }, body),
        failed: (id, failure) => send({ type: 'told', id, ok: false, info: failure }),
      },
    });
    return this.#asker;
  }
}

/** Names what runs, for errors. */
function labelOf(turn: Turn | undefined): string {
  return turn ? `"${turn.record.title}" (${turn.record.id})` : 'an idle worker';
}
