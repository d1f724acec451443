import type { SharedFailure, SharedRequest } from '../requests.ts';
import type { Asker } from './asker.ts';
import { conflict } from './conflict.ts';
import { Line } from './line.ts';

/** So many who wait for each other. One that gives up, or is gone, breaks it for all. */
export class Barrier {
  readonly name: string;
  readonly #parties: number;
  #line = new Line();
  #whyBroken: string | undefined;

  constructor(name: string, parties: number) {
    this.name = name;
    this.#parties = parties;
  }

  get isIdle(): boolean {
    return this.#line.isEmpty && this.#whyBroken === undefined;
  }

  wait(asker: Asker, id: number, parties: number): void {
    if (parties !== this.#parties) {
      asker.failed(id, conflict('barrier', this.name, 'parties', this.#parties, parties));
      return;
    }
    if (this.#whyBroken !== undefined) {
      asker.failed(id, this.#brokenError());
      return;
    }
    const place = this.#line.length;
    const line = this.#line;
    line.add(asker, id, {
      waitedFor: () => `${line.length + 1} of its ${this.#parties} had come`,
      serve: () =>
        this.#whyBroken === undefined ? asker.succeeded(id, place) : asker.failed(id, this.#brokenError()),
      left: () => this.#break(asker.isGone ? 'one who waited is gone' : `${asker.label()} gave up waiting`),
    });
    if (line.length === this.#parties) line.serveAll();
  }

  act(asker: Asker, id: number, { act }: Extract<SharedRequest, { op: 'barrierState' }>): void {
    if (act === 'abort') this.#break(`${asker.label()} aborted it`);
    if (act === 'reset') {
      if (!this.#line.isEmpty) this.#break(`${asker.label()} reset it`);
      this.#whyBroken = undefined;
    }
    asker.succeeded(id, { waiting: this.#line.length, isBroken: this.#whyBroken !== undefined });
  }

  #break(why: string): void {
    this.#whyBroken ??= why;
    this.#line.serveAll();
  }

  #brokenError(): SharedFailure {
    const message = `The barrier "${this.name}" is broken: ${this.#whyBroken}. \`reset()\` makes it whole again.`;
    return { code: 'BARRIER_BROKEN', message };
  }
}
