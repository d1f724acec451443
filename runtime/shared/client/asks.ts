import { decodeValue, type EncodedValue } from '../../channel/codec.ts';
import type { SharedFailure, SharedRequest } from '../requests.ts';
import type { Wait } from './wait.ts';

/** How memory is shared with the arbiter: mapped by another process, had already by a thread of its own, or not at all. */
export type SharedMemoryKind = 'process' | 'thread' | 'none';

/** What an asker needs of the connection with the arbiter. */
export interface Link {
  readonly memory: SharedMemoryKind;
  send(id: number, request: SharedRequest, body?: EncodedValue): void;
  /** Where the arbiter is at hand: puts an item into a queue without a limit of its own, if there is room. */
  putNow?(queue: string, value: EncodedValue): boolean;
  /** The same: the next item of a queue in a box, if there is one. Whoever asks has had it. */
  takeNow?(queue: string): { readonly value: EncodedValue | undefined } | undefined;
  /** Makes an error of one of the project's classes. */
  error(failure: SharedFailure, cause?: unknown): Error;
}

export interface Answer {
  readonly id: number;
  readonly info: unknown;
  readonly body: EncodedValue | undefined;
}

interface Open {
  readonly settle: (answer: Answer | SharedFailure) => void;
}

interface AskOptions {
  readonly body?: EncodedValue | undefined;
  readonly wait?: Wait | undefined;
  /** For the error of a wait that ends, as in `The lock "x" was not had`. */
  readonly unless?: string;
}

/** The requests of one asker that are not answered yet. */
export class Asks {
  readonly #link: Link;
  readonly #open = new Map<number, Open>();
  #last = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Sends a request that nobody answers. */
  tell(request: SharedRequest, body?: EncodedValue): void {
    this.#link.send(0, request, body);
  }

  /** Resolves with the answer. Of a wait that is to end, the arbiter says whether what it waits for was had before. */
  ask(request: SharedRequest, { body, wait, unless = '' }: AskOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const early = wait?.endedBefore(unless);
      if (early) {
        reject(this.#link.error(early, wait?.cause));
        return;
      }
      const id = ++this.#last;
      const stop = wait?.begin(() => this.tell({ op: 'giveUp', of: id }));
      this.#open.set(id, {
        settle: (answer) => {
          stop?.();
          if (!isFailure(answer)) resolve(answer);
          else if (wait?.isForgotten) return;
          else if (answer.code !== 'GAVE_UP' || !wait) reject(this.#link.error(answer));
          else reject(this.#link.error(wait.failure(unless, answer.message), wait.cause));
        },
      });
      this.#link.send(id, request, body);
    });
  }

  succeeded(id: number, info: unknown, body: EncodedValue | undefined): void {
    this.#settle(id, { id, info, body });
  }

  failed(id: number, failure: SharedFailure): void {
    this.#settle(id, failure);
  }

  /** The arbiter is gone. */
  failAll(failure: SharedFailure): void {
    for (const id of [...this.#open.keys()]) this.#settle(id, failure);
  }

  #settle(id: number, answer: Answer | SharedFailure): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    open?.settle(answer);
  }
}

function isFailure(answer: Answer | SharedFailure): answer is SharedFailure {
  return 'code' in answer;
}

export function valueIn({ body }: Answer): unknown {
  return body === undefined ? undefined : decodeValue(body);
}
