import type { SharedRequest } from '../requests.ts';
import type { Asker } from './asker.ts';
import { conflict } from './conflict.ts';
import { Line } from './line.ts';

type PermitRequest = Extract<SharedRequest, { op: 'permit' }>;
/** What is said of a semaphore by those who use it. */
type Options = Pick<PermitRequest, 'name' | 'permits' | 'bounded'>;

/** So many permits, had first come, first served. */
export class Semaphore {
  readonly name: string;
  readonly #line = new Line();
  #permits: number;
  #bounded: boolean;
  #free: number;
  /** A permit came back from one that ended without giving it back. */
  #abandoned = false;

  constructor({ name, permits = 1, bounded = true }: Options) {
    this.name = name;
    this.#permits = permits;
    this.#bounded = bounded;
    this.#free = permits;
  }

  get isIdle(): boolean {
    // What somebody has decided holds also for those who leave it out later.
    const isDefault = this.#permits === 1 && this.#bounded;
    return isDefault && this.#line.isEmpty && this.#free === this.#permits && !this.#abandoned;
  }

  acquire(asker: Asker, id: number, request: PermitRequest): void {
    if (!this.#agrees(asker, id, request)) return;
    const { tries } = request;
    if (this.#free > 0 && this.#line.isEmpty) this.#grant(asker, id);
    else if (tries) asker.succeeded(id, { had: false });
    else {
      const waitedFor = () => this.#whyNone;
      this.#line.add(asker, id, { waitedFor, serve: () => this.#grant(asker, id) });
    }
  }

  /** Returns false when that is no permit of this asker. */
  giveBack(asker: Asker, id: number): boolean {
    const claim = asker.claim(id);
    if (!(claim instanceof Permit) || claim.semaphore !== this) return false;
    asker.drop(id);
    this.comeBack();
    return true;
  }

  /** One more than there were, unless their number is fixed. */
  add(asker: Asker, id: number, request: Options): void {
    if (!this.#agrees(asker, id, request)) return;
    if (this.#bounded) {
      const message = `The semaphore "${this.name}" has a fixed number of permits: only one that was had can be given back. Use \`bounded: false\` where there are to be more.`;
      asker.failed(id, { code: 'SHARED_CONFLICT', message });
      return;
    }
    this.#permits++;
    this.comeBack();
    asker.succeeded(id);
  }

  comeBack(abandoned = false): void {
    this.#free++;
    this.#abandoned ||= abandoned;
    this.#line.serveNext();
  }

  get #whyNone(): string {
    if (this.#permits === 0) return 'it has none yet, until one is added';
    return `all of its ${this.#permits} permits are taken`;
  }

  #agrees(asker: Asker, id: number, { permits, bounded }: Options): boolean {
    if (permits !== undefined && permits !== this.#permits && this.#bounded) {
      asker.failed(id, conflict('semaphore', this.name, 'permits', this.#permits, permits));
      return false;
    }
    if (bounded !== undefined && bounded !== this.#bounded) {
      asker.failed(id, conflict('semaphore', this.name, 'bounded', this.#bounded, bounded));
      return false;
    }
    return true;
  }

  #grant(asker: Asker, id: number): void {
    this.#free--;
    asker.keep(id, new Permit(this));
    const abandoned = this.#abandoned;
    this.#abandoned = false;
    asker.succeeded(id, { had: true, abandoned });
  }
}

class Permit {
  readonly semaphore: Semaphore;

  constructor(semaphore: Semaphore) {
    this.semaphore = semaphore;
  }

  giveUp(): undefined {
    return undefined; // it was had
  }

  abandon(): void {
    this.semaphore.comeBack(true);
  }
}
