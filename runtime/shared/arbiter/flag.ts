import type { SharedRequest } from '../requests.ts';
import type { Asker } from './asker.ts';
import { Line } from './line.ts';

/** Something that has happened, until it is cleared. */
export class Flag {
  readonly #line = new Line();
  #isSet = false;

  get isIdle(): boolean {
    return this.#line.isEmpty && !this.#isSet;
  }

  act(asker: Asker, id: number, { act }: Extract<SharedRequest, { op: 'event' }>): void {
    if (act === 'wait' && !this.#isSet) {
      const serve = () => asker.succeeded(id);
      this.#line.add(asker, id, { waitedFor: () => 'it has not been set', serve });
      return;
    }
    if (act === 'set') {
      this.#isSet = true;
      this.#line.serveAll();
    } else if (act === 'clear') this.#isSet = false;
    asker.succeeded(id, this.#isSet);
  }
}
