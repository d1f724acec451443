import type { EncodedValue } from '../../channel/codec.ts';
import type { SharedRequest } from '../requests.ts';
import { Asker, type AskerOptions } from './asker.ts';
import { Barrier } from './barrier.ts';
import { Condition } from './condition.ts';
import { Flag } from './flag.ts';
import { Locks } from './locks.ts';
import { Outbox } from './outbox.ts';
import { Queues } from './queues.ts';
import { Semaphore } from './semaphore.ts';
import { SharedMap } from './shared-map.ts';
import type { Item } from './stock.ts';
import { WordStore } from './word-store.ts';

/**
 * Has all locks, queues and the like of a runtime, by their names, and answers those who share them. What nobody holds,
 * waits for or has put something into is forgotten.
 */
export class Arbiter {
  readonly #askers = new Map<number, Asker>();
  readonly #store = new WordStore();
  readonly #locks = new Locks(this.#askers, this.#store);
  readonly #semaphores = new Map<string, Semaphore>();
  readonly #events = new Map<string, Flag>();
  readonly #conditions = new Map<string, Condition>();
  readonly #barriers = new Map<string, Barrier>();
  readonly #queues = new Queues(this.#store);
  readonly #maps = new Map<string, SharedMap>();
  #lastToken = 0;

  open(options: AskerOptions): Asker {
    const asker = new Asker(++this.#lastToken, options);
    this.#askers.set(asker.token, asker);
    return asker;
  }

  /** It is gone: what it held is had by the next ones, who are told. */
  leave(asker: Asker): void {
    asker.stopWaiting();
    // What it had put before its end.
    asker.outbox?.close();
    asker.abandonAll();
    this.#locks.leftBy(asker);
    this.#queues.leftBy(asker);
    this.#askers.delete(asker.token);
  }

  /** To be called when nobody asks any more. */
  close(): void {
    for (const { outbox } of this.#askers.values()) outbox?.close();
    this.#locks.close();
    this.#store.close();
  }

  receive(asker: Asker, id: number, request: SharedRequest, body: EncodedValue | undefined): void {
    // What it put before comes before.
    asker.outbox?.drain();
    if (request.op !== 'still') asker.stillness.requested();
    switch (request.op) {
      case 'bell':
        break;
      case 'words':
        asker.succeeded(id, this.#store.share());
        break;
      case 'outbox':
        asker.outbox ??= this.#store.share() === undefined ? undefined : Outbox.create();
        asker.succeeded(id, asker.outbox?.place);
        break;
      case 'lock':
      case 'unlock':
      case 'keep':
      case 'slot':
        this.#locks.receive(asker, id, request);
        break;
      case 'still':
        this.#locks.toldStill(asker, request.of, request.isStill);
        break;
      case 'giveUp':
        asker.giveUp(request.of);
        break;
      case 'abandon':
        asker.abandon(request.of);
        break;
      case 'permit':
        using(
          this.#semaphores,
          request.name,
          () => new Semaphore(request),
          (semaphore) => semaphore.acquire(asker, id, request),
        );
        break;
      case 'return':
        this.#return(asker, id, request);
        break;
      case 'event':
        using(
          this.#events,
          request.name,
          () => new Flag(),
          (event) => event.act(asker, id, request),
        );
        break;
      case 'condition':
        using(
          this.#conditions,
          request.name,
          () => new Condition(() => this.#conditions.get(request.name)?.notify(1)),
          (condition) => condition.wait(asker, id, () => this.#locks.get(request.lock)),
        );
        break;
      case 'notify':
        this.#conditions.get(request.name)?.notify(request.count);
        forgetIdle(this.#conditions, request.name);
        asker.succeeded(id);
        break;
      case 'barrier':
        using(
          this.#barriers,
          request.name,
          () => new Barrier(request.name, request.parties),
          (barrier) => barrier.wait(asker, id, request.parties),
        );
        break;
      case 'barrierState':
        this.#barrierState(asker, id, request);
        break;
      case 'put':
      case 'get':
      case 'settle':
      case 'queue':
        this.#queues.receive(asker, id, request, body);
        break;
      case 'set':
      case 'entry':
      case 'increment':
      case 'map':
        using(
          this.#maps,
          request.name,
          () => new SharedMap(request.name),
          (map) => map.act(asker, id, request, body),
        );
        break;
    }
  }

  /** Puts an item into a queue, if there is room: from somebody in this process. */
  putNow(queue: string, value: EncodedValue): boolean {
    return this.#queues.putNow(queue, value);
  }

  /** The next item of a queue, if there is one: somebody in this process has had it. */
  takeNow(queue: string): Item | undefined {
    return this.#queues.takeNow(queue);
  }

  #return(asker: Asker, id: number, request: Extract<SharedRequest, { op: 'return' }>): void {
    const { name, of } = request;
    if (of === 0) {
      using(
        this.#semaphores,
        name,
        () => new Semaphore(request),
        (semaphore) => semaphore.add(asker, id, request),
      );
      return;
    }
    this.#semaphores.get(name)?.giveBack(asker, of);
    forgetIdle(this.#semaphores, name);
    asker.succeeded(id);
  }

  #barrierState(asker: Asker, id: number, request: Extract<SharedRequest, { op: 'barrierState' }>): void {
    using(
      this.#barriers,
      request.name,
      () => new Barrier(request.name, request.parties),
      (barrier) => barrier.act(asker, id, request),
    );
  }
}

interface Thing {
  readonly isIdle: boolean;
}

function using<Kind extends Thing>(
  things: Map<string, Kind>,
  name: string,
  make: () => Kind,
  use: (thing: Kind) => void,
): void {
  let thing = things.get(name);
  if (!thing) {
    thing = make();
    sweep(things);
    things.set(name, thing);
  }
  use(thing);
  forgetIdle(things, name);
}

function forgetIdle<Kind extends Thing>(things: Map<string, Kind>, name: string): void {
  if (things.get(name)?.isIdle) things.delete(name);
}

// Of those whose last one gave up, or is gone, nobody hears any more. Looked for whenever they have doubled.
function sweep<Kind extends Thing>(things: Map<string, Kind>): void {
  const { size } = things;
  if (size < 1024 || (size & (size - 1)) !== 0) return;
  for (const [name, thing] of things) if (thing.isIdle) things.delete(name);
}
