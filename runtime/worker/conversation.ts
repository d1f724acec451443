import type { Channel } from '../channel/channel.ts';
import type { EncodedValue } from '../channel/codec.ts';
import { IncomingMessages } from '../channel/incoming-messages.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { OutgoingMessages } from '../channel/outgoing-messages.ts';
import { UnserializableError } from '../channel/structured.ts';
import { asPoolError } from './pool-error.ts';

/** What a spawned function and its program tell each other, in the worker. */
export class Conversation {
  readonly #outgoing: OutgoingMessages;
  readonly #incoming: IncomingMessages;

  constructor(channel: Channel<FromWorker, ToWorker>) {
    // At once: the function may compute for minutes, or be killed, as soon as it has sent something.
    this.#outgoing = new OutgoingMessages((body) => channel.tell({ type: 'message' }, body));
    this.#incoming = new IncomingMessages((count) => channel.post({ type: 'messagesRead', count }));
  }

  /** What the program sends. */
  get messages(): AsyncIterable<unknown> {
    return this.#incoming;
  }

  send(value: unknown, functionName: string): Promise<void> {
    try {
      return this.#outgoing.send(value);
    } catch (error) {
      return Promise.reject(error instanceof UnserializableError ? unsendable(error, functionName) : error);
    }
  }

  receive(body: EncodedValue | undefined): void {
    this.#incoming.receive(body);
  }

  /** The program has read so many more. */
  read(count: number): void {
    this.#outgoing.read(count);
  }

  /** The program sends nothing more. */
  endIncoming(): void {
    this.#incoming.end();
  }

  /** The function was told to end: it should not wait for the program any more. */
  abort(reason: unknown): void {
    this.#incoming.end();
    this.#outgoing.refuseToWait(reason);
  }

  /** The function has ended. What it has sent goes before that, also what it did not wait for. */
  end(functionName: string): void {
    this.#incoming.end();
    this.#outgoing.sendRest();
    this.#outgoing.end(new Error(`nothing can be sent any more: "${functionName}" has ended`));
  }
}

function unsendable({ path, message }: UnserializableError, functionName: string): unknown {
  const fields = { name: 'SerializationError', code: 'SERIALIZATION', functionName, path };
  return asPoolError(
    Object.assign(new Error(`A message of "${functionName}" can't be sent: ${path}: ${message}.`), fields),
  );
}
