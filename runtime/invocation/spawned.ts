import { decodeValue, type EncodedValue } from '../channel/codec.ts';
import { IncomingMessages } from '../channel/incoming-messages.ts';
import { OutgoingMessages } from '../channel/outgoing-messages.ts';
import { UnserializableError } from '../channel/structured.ts';
import { PoolError, SerializationError } from '../errors/pool-errors.ts';
import { errorOf, type Outcome, unreadableResult } from './outcome.ts';
import type { InvocationRecord } from './record.ts';
import type { SpawnedFunction, SpawnedStatus } from './spawned-function.ts';

/** What a spawned function runs in, as far as its handle has to know it. */
export interface SpawnedWorker {
  readonly pid: number | undefined;
  readonly threadId: number | undefined;
  sendMessage(body: EncodedValue): void;
  endMessages(): void;
  tellRead(count: number): void;
  kill(): void;
  /** Resolves when it is gone. */
  readonly gone: Promise<void>;
}

/** What that tells the handle. */
export interface SpawnedListener {
  /** @throws FrameError */
  onMessage(body: EncodedValue | undefined): void;
  onMessagesRead(count: number): void;
  /** The function has ended, after its record. `wasAsked`: the program wanted it to. */
  onEnd(wasAsked: boolean): void;
}

/** The handle of a spawned function. */
export class Spawned implements SpawnedFunction, SpawnedListener {
  readonly done: Promise<unknown>;
  readonly #record: InvocationRecord;
  readonly #incoming: IncomingMessages;
  readonly #outgoing: OutgoingMessages;
  #worker: SpawnedWorker | undefined;
  #outcome: Outcome | undefined;
  #settle: ((outcome: Outcome) => void) | undefined;
  /** `ending`: nothing more is to be sent but what is held. */
  #sending: 'open' | 'ending' | 'ended' = 'open';

  constructor(record: InvocationRecord) {
    this.#record = record;
    this.#incoming = new IncomingMessages((count) => this.#worker?.tellRead(count));
    this.#outgoing = new OutgoingMessages((body) => this.#worker?.sendMessage(body));
    this.done = new Promise((resolve, reject) => {
      this.#settle = (outcome) => {
        if (outcome.kind === 'succeeded') this.#succeed(outcome.body, resolve, reject);
        else reject(errorOf(outcome, this.name, this.id));
      };
    });
    // Not at once: what was told to end, or has timed out, may go on for a while.
    record.receive((outcome) => {
      this.#outcome = outcome;
    });
  }

  /** It runs in this one from now on. */
  runIn(worker: SpawnedWorker): void {
    this.#worker = worker;
  }

  get id(): string {
    return this.#record.id;
  }

  get name(): string {
    return this.#record.functionName;
  }

  get pid(): number | undefined {
    return this.#worker?.pid;
  }

  get threadId(): number | undefined {
    return this.#worker?.threadId;
  }

  get status(): SpawnedStatus {
    const { status } = this.#record;
    return status === 'queued' ? 'starting' : status;
  }

  get messages(): AsyncIterable<unknown> {
    return this.#incoming;
  }

  get progress(): AsyncIterable<unknown> {
    return this.#record.readProgress();
  }

  send(value: unknown): Promise<void> {
    if (this.#sending !== 'open' && this.#settle)
      return Promise.reject(this.#messagesEnded('`endMessages` was called'));
    try {
      return this.#outgoing.send(value);
    } catch (error) {
      return Promise.reject(error instanceof UnserializableError ? this.#unsendable(error) : error);
    }
  }

  endMessages(): void {
    if (this.#sending !== 'open') return;
    this.#sending = 'ending';
    this.#endWhenSent();
  }

  cancel(reason?: unknown): void {
    this.#record.cancel(reason);
  }

  kill(): void {
    this.#worker?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel('it was disposed of');
    await this.#worker?.gone;
  }

  onMessage(body: EncodedValue | undefined): void {
    this.#incoming.receive(body);
  }

  onMessagesRead(count: number): void {
    this.#outgoing.read(count);
    this.#endWhenSent();
  }

  onEnd(wasAsked: boolean): void {
    const settle = this.#settle;
    const outcome = this.#outcome;
    if (!settle || !outcome) return;
    // Whoever keeps the handle need not keep the result twice.
    this.#settle = undefined;
    this.#outcome = undefined;
    this.#incoming.end();
    this.#outgoing.end(this.#messagesEnded('it has ended'));
    if (wasAsked) this.done.catch(() => {});
    settle(outcome);
  }

  #endWhenSent(): void {
    if (this.#sending !== 'ending' || this.#outgoing.areHeld) return;
    this.#sending = 'ended';
    this.#worker?.endMessages();
  }

  #succeed(
    body: EncodedValue | undefined,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    try {
      resolve(body === undefined ? undefined : decodeValue(body));
    } catch (error) {
      this.#record.status = 'failed';
      reject(unreadableResult(error, this.name, this.id));
    }
  }

  #messagesEnded(why: string): PoolError {
    const { name: functionName, id: invocationId } = this;
    const message = `Nothing more can be sent to "${functionName}": ${why}.`;
    return new PoolError('MESSAGES_ENDED', message, { functionName, invocationId });
  }

  #unsendable({ path, message }: UnserializableError): SerializationError {
    const { name: functionName, id: invocationId } = this;
    return new SerializationError(`A message to "${functionName}" can't be sent: ${path}: ${message}.`, {
      functionName,
      invocationId,
      path,
    });
  }
}
