import { decodeValue, type EncodedValue } from '../../channel/codec.ts';
import { expectedText } from '../../options/expected.ts';
import { valueIn } from './asks.ts';
import type { Flow } from './flow.ts';

/**
 * Values by their names, the same for all workers and the program. Each call is one step that nobody sees half of. Values
 * are copies: what is changed has to be set again.
 */
export class SharedMap<Value = unknown> {
  readonly name: string;
  readonly #flow: Flow;

  /** Made by `shared.map(name)`. @internal */
  constructor(flow: Flow, name: string) {
    this.#flow = flow;
    this.name = name;
  }

  async get(key: string): Promise<Value | undefined> {
    return valueIn(await this.#entry(key, 'get')) as Value | undefined;
  }

  async has(key: string): Promise<boolean> {
    return versionOf(await this.#entry(key, 'has')) > 0;
  }

  async set(key: string, value: Value): Promise<void> {
    await this.#set(key, value);
  }

  /** Sets the value unless there is one. Resolves with the one that there is then. */
  async setIfAbsent(key: string, value: Value): Promise<Value> {
    const { info, body } = await this.#set(key, value, 0);
    return isSet(info) ? value : (decodeValue(body as NonNullable<typeof body>) as Value);
  }

  /** Resolves with whether there was one. */
  async delete(key: string): Promise<boolean> {
    return versionOf(await this.#entry(key, 'delete')) > 0;
  }

  /** Adds to a number, which begins with 0, and resolves with the sum. */
  async increment(key: string, by = 1): Promise<number> {
    if (!Number.isFinite(by)) throw new TypeError(expectedText('what to `increment` by to be a number', by));
    checkKey(key);
    return (await this.#ask({ op: 'increment', name: this.name, key, by })).info as number;
  }

  /**
   * Sets what `change` makes of the value, and resolves with it. Nobody else's change is lost: when there was one in
   * between, `change` is called again with the newer value.
   */
  async update(
    key: string,
    change: (value: Value | undefined) => Value | PromiseLike<Value>,
  ): Promise<Value> {
    for (let answer = await this.#entry(key, 'get'); ; ) {
      const value = await change(valueIn(answer) as Value | undefined);
      answer = await this.#set(key, value, versionOf(answer));
      if (isSet(answer.info)) return value;
    }
  }

  async size(): Promise<number> {
    return (await this.#ask({ op: 'map', name: this.name, act: 'size' })).info as number;
  }

  async keys(): Promise<string[]> {
    return valueIn(await this.#ask({ op: 'map', name: this.name, act: 'keys' })) as string[];
  }

  /** All of them, as they were at one moment. */
  async entries(): Promise<[key: string, value: Value][]> {
    return valueIn(await this.#ask({ op: 'map', name: this.name, act: 'entries' })) as [string, Value][];
  }

  async clear(): Promise<void> {
    await this.#ask({ op: 'map', name: this.name, act: 'clear' });
  }

  async #entry(key: string, act: 'get' | 'has' | 'delete') {
    checkKey(key);
    return this.#ask({ op: 'entry', name: this.name, key, act });
  }

  async #set(key: string, value: Value, version?: number) {
    checkKey(key);
    const body = this.#flow.encode(value, 'value');
    return this.#ask({ op: 'set', name: this.name, key, ...(version !== undefined && { version }) }, body);
  }

  #ask(request: Parameters<Flow['ask']>[0], body?: EncodedValue) {
    return this.#flow.ask(request, `The map "${this.name}"`, { body });
  }
}

function checkKey(key: unknown): void {
  if (typeof key !== 'string') throw new TypeError(expectedText('the key of a map to be a text', key));
}

function versionOf({ info }: { readonly info: unknown }): number {
  return (info as { version: number }).version;
}

function isSet(info: unknown): boolean {
  return (info as { isSet: boolean }).isSet;
}
