import { isMainThread } from 'node:worker_threads';
import type { Channel } from '../channel/channel.ts';
import type { EncodedValue } from '../channel/codec.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import type { Link } from '../shared/client/asks.ts';
import { Flow } from '../shared/client/flow.ts';
import { Sharer } from '../shared/client/sharer.ts';
import { errorNames, type SharedFailure, type SharedRequest } from '../shared/requests.ts';
import { asPoolError } from './pool-error.ts';

/** Messages of one turn go out together when the last ones went out less than this before, in ms. */
const batchMs = 0.2;

/** What this worker shares with others. */
export class Sharing {
  readonly #channel: Channel<FromWorker, ToWorker>;
  readonly #sharer: Sharer;
  #sentAt = 0;

  constructor(channel: Channel<FromWorker, ToWorker>) {
    this.#channel = channel;
    const link: Link = {
      memory: isMainThread ? 'process' : 'thread',
      send: (id, request, body) => this.#send(id, request, body),
      error: (failure, cause) => asPoolError(errorOf(failure, cause)) as Error,
    };
    this.#sharer = new Sharer(link);
  }

  /** What a run of this function shares. */
  flowOf(functionName: string): Flow {
    return new Flow(this.#sharer, `the invocation of "${functionName}" has ended`);
  }

  told({ id, ok, info }: Extract<ToWorker, { type: 'told' }>, body: EncodedValue | undefined): void {
    if (ok) this.#sharer.asks.succeeded(id, info, body);
    else this.#sharer.asks.failed(id, info as SharedFailure);
  }

  /** Whether nothing goes on here but what is waited for: see Stillness of the arbiter. */
  tellStillness(question: number, isStill: boolean): void {
    this.#sharer.asks.tell({ op: 'still', of: question, isStill });
  }

  // Others wait for it, and the function may compute for minutes before the turn ends. Only of many in a row the later
  // ones are sent together.
  #send(id: number, request: SharedRequest, body: EncodedValue | undefined): void {
    const now = performance.now();
    const message = { type: 'shared', id, request } as const;
    if (now - this.#sentAt < batchMs && request.op === 'put') this.#channel.post(message, body);
    else {
      this.#sentAt = now;
      this.#channel.tell(message, body);
    }
  }
}

function errorOf({ code, message, fields }: SharedFailure, cause: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  const name = errorNames[code] ?? 'PoolError';
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  return Object.assign(error, { code, ...fields });
}
