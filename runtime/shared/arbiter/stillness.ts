/**
 * Who does what is asked for:
 * - `many`: parts of the program that know nothing of each other. What one holds, another one may give back.
 * - `one`: it says of itself that it does one thing after another, and waits for what it asks for.
 * - a worker: what it holds may be given back by anything that goes on in it. Only it can tell whether something does.
 */
export type Flows = 'many' | 'one' | { askWhetherStill(question: number): void };

/** Whether an asker does nothing but wait, so that only an answer to what it asked for can make it go on. */
export class Stillness {
  readonly #flows: Flows;
  /** How many requests it has made and answers it was given. */
  #changes = 0;
  #answers = 0;
  #questions = 0;
  #open: { readonly question: number; readonly answers: number } | undefined;
  /** What `#changes` was when it said that it is still. */
  #stillAt = -1;

  constructor(flows: Flows) {
    this.#flows = flows;
  }

  /** Whether it may do one thing while it waits for another. */
  get hasManyFlows(): boolean {
    return this.#flows !== 'one';
  }

  /** Whether it can be found out. */
  get canBeKnown(): boolean {
    return this.#flows !== 'many';
  }

  get isStill(): boolean {
    return this.#flows === 'one' || this.#stillAt === this.#changes;
  }

  requested(): void {
    this.#changes++;
  }

  answered(): void {
    this.#changes++;
    this.#answers++;
  }

  ask(): void {
    if (typeof this.#flows === 'string' || this.#open || this.isStill) return;
    this.#open = { question: ++this.#questions, answers: this.#answers };
    this.#flows.askWhetherStill(this.#questions);
  }

  told(question: number, isStill: boolean): void {
    if (this.#open?.question !== question) return;
    const { answers } = this.#open;
    this.#open = undefined;
    // All that it asked for before came before. What was answered since may have come to it later, and made it go on.
    if (isStill && answers === this.#answers) this.#stillAt = this.#changes;
  }
}
