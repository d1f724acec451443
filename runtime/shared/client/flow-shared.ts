import { expectedText } from '../../options/expected.ts';
import { checkOptionNames } from '../../options/option-names.ts';
import type { Shared } from '../shared.ts';
import { type BarrierOptions, SharedBarrier } from './barrier.ts';
import { type ConditionOptions, SharedCondition } from './condition.ts';
import { SharedEvent } from './event.ts';
import type { Flow } from './flow.ts';
import { type LockOptions, SharedLock } from './lock.ts';
import { SharedMap } from './map.ts';
import { type QueueOptions, SharedQueue } from './queue.ts';
import { type SemaphoreOptions, SharedSemaphore } from './semaphore.ts';

/** What one flow of work shares. */
export class FlowShared implements Shared {
  readonly #flow: Flow;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  lock(name: string, options: LockOptions = {}): SharedLock {
    check('lock', name, options, ofLock);
    checkFlag('lock', 'reentrant', options.reentrant);
    if (options.reentrant && this.#flow.hasParts) throw new TypeError(sessionExpected);
    return new SharedLock(this.#flow, name, options);
  }

  semaphore(name: string, options: SemaphoreOptions = {}): SharedSemaphore {
    check('semaphore', name, options, ofSemaphore);
    checkFlag('semaphore', 'bounded', options.bounded);
    // With a fixed number nobody would ever have one.
    checkCount('semaphore', 'permits', options.permits, options.bounded === false ? 0 : 1);
    return new SharedSemaphore(this.#flow, name, options);
  }

  event(name: string): SharedEvent {
    check('event', name);
    return new SharedEvent(this.#flow, name);
  }

  condition(name: string, options: ConditionOptions = {}): SharedCondition {
    check('condition', name, options, ofCondition);
    if (options.lock !== undefined) check('lock', options.lock);
    return new SharedCondition(this.#flow, name, options);
  }

  barrier(name: string, options: BarrierOptions): SharedBarrier {
    check('barrier', name, options, ofBarrier);
    return new SharedBarrier(this.#flow, name, options);
  }

  queue<Item>(name: string, options: QueueOptions = {}): SharedQueue<Item> {
    check('queue', name, options, ofQueue);
    checkCount('queue', 'maxSize', options.maxSize);
    return new SharedQueue<Item>(this.#flow, name, options);
  }

  map<Value>(name: string): SharedMap<Value> {
    check('map', name);
    return new SharedMap<Value>(this.#flow, name);
  }
}

const sessionExpected =
  'expected a session for a lock with `reentrant: true`: the parts of the program that have none are not told apart, and ' +
  'two of them would have it at once. Use `runtime.shared.session()`, and the `lock` of that.';

const ofLock = new Set(['reentrant']);
const ofSemaphore = new Set(['permits', 'bounded']);
const ofCondition = new Set(['lock']);
const ofBarrier = new Set(['parties']);
const ofQueue = new Set(['maxSize']);

/** More than a name needs, and less than what would fill the memory. */
const longestName = 1000;

function check(kind: string, name: unknown, options?: object, known?: ReadonlySet<string>): void {
  if (typeof name !== 'string' || name === '' || name.length > longestName)
    throw new TypeError(
      expectedText(`the name of a ${kind} to be a text of 1 to ${longestName} characters`, name),
    );
  if (known) checkOptionNames(`shared.${kind}`, options, known);
}

function checkFlag(kind: string, option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw new TypeError(expectedText(`the \`${option}\` of a ${kind} to be true or false`, value));
}

function checkCount(kind: string, option: string, value: unknown, least = 1): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
  throw new TypeError(
    expectedText(`the \`${option}\` of a ${kind} to be a whole number from ${least}`, value),
  );
}
