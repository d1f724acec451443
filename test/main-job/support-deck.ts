import type { Random } from '../channel/support-random.ts';

/** Deals cards in a random order, each of them once before any comes again: none is left to luck for long. */
export class Deck<Card> {
  readonly #random: Random;
  readonly #cards: readonly Card[];
  #left: Card[] = [];

  constructor(random: Random, cards: readonly Card[]) {
    this.#random = random;
    this.#cards = cards;
  }

  deal(): Card {
    if (this.#left.length === 0) this.#left = [...this.#cards];
    const [card] = this.#left.splice(this.#random.below(this.#left.length), 1);
    return card as Card;
  }
}
