import { decodeValue, type EncodedValue, encodeValue } from '../../channel/codec.ts';
import type { MapRequest } from '../requests.ts';
import type { Asker } from './asker.ts';

interface Entry {
  readonly value: EncodedValue;
  readonly version: number;
}

/** Of all maps: a version means the same value also when its map was forgotten in between. */
let versions = 0;

/** Values by their keys. Each request is one step: nobody sees half of it. */
export class SharedMap {
  readonly name: string;
  readonly #entries = new Map<string, Entry>();

  constructor(name: string) {
    this.name = name;
  }

  get isIdle(): boolean {
    return this.#entries.size === 0;
  }

  act(asker: Asker, id: number, request: MapRequest, body: EncodedValue | undefined): void {
    try {
      this.#act(asker, id, request, body);
    } catch {
      // A function wrote it to its connection by itself.
      const message = `The map "${this.name}" has an entry that can't be read.`;
      asker.failed(id, { code: 'SHARED_CONFLICT', message });
    }
  }

  #act(asker: Asker, id: number, request: MapRequest, body: EncodedValue | undefined): void {
    switch (request.op) {
      case 'set':
        this.#set(asker, id, request, body);
        break;
      case 'increment':
        this.#increment(asker, id, request);
        break;
      case 'entry': {
        const entry = this.#entries.get(request.key);
        if (request.act === 'delete') this.#entries.delete(request.key);
        const value = request.act === 'get' ? entry?.value : undefined;
        asker.succeeded(id, { version: entry?.version ?? 0 }, value);
        return;
      }
      case 'map': {
        const { size } = this.#entries;
        if (request.act === 'clear') this.#entries.clear();
        if (request.act === 'size' || request.act === 'clear') {
          asker.succeeded(id, size);
          return;
        }
        asker.succeeded(id, undefined, encodeValue(this.#list(request.act === 'keys')));
        return;
      }
    }
  }

  #list(onlyKeys: boolean): unknown[] {
    if (onlyKeys) return [...this.#entries.keys()];
    return Array.from(this.#entries, ([key, { value }]) => [key, decodeValue(value)]);
  }

  #set(
    asker: Asker,
    id: number,
    { key, version }: Extract<MapRequest, { op: 'set' }>,
    body: EncodedValue | undefined,
  ): void {
    const before = this.#entries.get(key);
    if (body === undefined || (version !== undefined && version !== (before?.version ?? 0))) {
      asker.succeeded(id, { isSet: false, version: before?.version ?? 0 }, before?.value);
      return;
    }
    this.#keep(key, body);
    asker.succeeded(id, { isSet: true });
  }

  #increment(asker: Asker, id: number, { key, by }: Extract<MapRequest, { op: 'increment' }>): void {
    const entry = this.#entries.get(key);
    const value = entry ? decodeValue(entry.value) : 0;
    if (typeof value !== 'number') {
      const message = `The entry "${key}" of the map "${this.name}" can't be incremented: it is no number.`;
      asker.failed(id, { code: 'SHARED_CONFLICT', message });
      return;
    }
    this.#keep(key, encodeValue(value + by));
    asker.succeeded(id, value + by);
  }

  #keep(key: string, value: EncodedValue): void {
    this.#entries.set(key, { value: ownCopy(value), version: ++versions });
  }
}

/** What came in with other messages would keep all of their memory. */
export function ownCopy(value: EncodedValue): EncodedValue {
  if (typeof value === 'string' || value.bytes.length === value.bytes.buffer.byteLength) return value;
  return { ...value, bytes: new Uint8Array(value.bytes) };
}
