/// <reference lib="esnext.disposable" preserve="true" />

import type { EncodedValue } from '../channel/codec.ts';
import {
  BrokenBarrierError,
  CancelledError,
  DeadlockError,
  type DeadlockStep,
  PoolError,
  QueueClosedError,
  RuntimeClosedError,
  SerializationError,
  TimeoutError,
} from '../errors/pool-errors.ts';
import type { Arbiter } from './arbiter/arbiter.ts';
import type { Asker } from './arbiter/asker.ts';
import { Breather } from './breather.ts';
import { Flow } from './client/flow.ts';
import { FlowShared } from './client/flow-shared.ts';
import { Sharer } from './client/sharer.ts';
import type { SharedFailure } from './requests.ts';
import type { ProgramShared, SharedSession } from './shared.ts';

/** The side of the program in what is shared. */
export class ProgramSharing {
  readonly shared: ProgramShared;
  readonly #arbiter: Arbiter;
  readonly #open = new Set<Session>();
  #sessions = 0;
  #isClosed = false;

  constructor(arbiter: Arbiter) {
    this.#arbiter = arbiter;
    // Its parts know nothing of each other: what one holds the others may wait for.
    const program = this.#openSession('the program', 'many');
    this.shared = Object.assign(program, {
      session: (label = `session ${++this.#sessions} of the program`) => this.#openSession(label, 'one'),
    });
  }

  /** Nobody answers any more. */
  close(): void {
    this.#isClosed = true;
    // All of them are told before any gives back what another one waits for.
    const open = [...this.#open];
    for (const session of open) session.close();
    for (const session of open) session.end();
    this.#arbiter.close();
  }

  #openSession(label: string, flows: 'one' | 'many'): Session {
    const session = new Session(this.#arbiter, { label, flows, onEnd: () => this.#open.delete(session) });
    this.#open.add(session);
    if (this.#isClosed) {
      session.close();
      session.end();
    }
    return session;
  }
}

interface SessionOptions {
  readonly label: string;
  readonly flows: 'one' | 'many';
  onEnd(): void;
}

class Session extends FlowShared implements SharedSession {
  readonly #arbiter: Arbiter;
  readonly #flow: Flow;
  readonly #asker: Asker;
  readonly #onEnd: () => void;

  constructor(arbiter: Arbiter, { label, flows, onEnd }: SessionOptions) {
    const breather = new Breather();
    const sharer: Sharer = new Sharer({
      // What it asks for is answered at once.
      memory: 'none',
      send: (id, request, body) => arbiter.receive(asker, id, request, body),
      putNow: (queue, value) => !breather.isPausing && arbiter.putNow(queue, value),
      takeNow: (queue) => {
        const item = breather.isPausing ? undefined : arbiter.takeNow(queue);
        return item && { value: copyOf(item.value) };
      },
      error: errorOf,
    });
    const asker = arbiter.open({
      label: () => label,
      flows,
      answers: {
        succeeded: (id, info, body) => breather.run(() => sharer.asks.succeeded(id, info, copyOf(body))),
        failed: (id, failure) => breather.run(() => sharer.asks.failed(id, failure)),
      },
    });
    const flow = new Flow(sharer, `${label} has ended`, { isAwaited: true, hasParts: flows === 'many' });
    super(flow);
    this.#arbiter = arbiter;
    this.#flow = flow;
    this.#asker = asker;
    this.#onEnd = onEnd;
  }

  end(): void {
    if (this.#flow.hasEnded) return;
    // Unlike an invocation that has ended it has somebody who waits.
    this.#flow.cancel(new Error(this.#flow.whatEnded));
    this.#flow.end();
    this.#arbiter.leave(this.#asker);
    this.#onEnd();
  }

  /** The runtime is closed: what is waited for fails, and what is asked for from now on. */
  close(): void {
    this.#flow.close({ code: 'RUNTIME_CLOSED', message: 'The runtime has been closed.' });
  }

  [Symbol.dispose](): void {
    this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }
}

/** Large parts are not copied when a value is decoded, and the arbiter may give it to somebody else later. */
function copyOf(body: EncodedValue | undefined): EncodedValue | undefined {
  if (typeof body !== 'object' || !body.buffers) return body;
  return {
    ...body,
    buffers: body.buffers.map((part) => (part instanceof ArrayBuffer ? part.slice(0) : part)),
  };
}

function errorOf({ code, message, fields }: SharedFailure, cause?: unknown): PoolError {
  const place = cause === undefined ? {} : { cause };
  switch (code) {
    case 'TIMEOUT':
      return new TimeoutError(message, { ...place, timeoutMs: fields?.timeoutMs as number });
    case 'CANCELLED':
      return new CancelledError(message, place);
    case 'DEADLOCK':
      return new DeadlockError(message, { ...place, cycle: fields?.cycle as DeadlockStep[] });
    case 'BARRIER_BROKEN':
      return new BrokenBarrierError(message, place);
    case 'QUEUE_CLOSED':
      return new QueueClosedError(message, place);
    case 'RUNTIME_CLOSED':
      return new RuntimeClosedError(message, place);
    case 'SERIALIZATION':
      return new SerializationError(message, { ...place, path: fields?.path as string });
    default:
      return new PoolError(code, message, place);
  }
}
