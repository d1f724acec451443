/** What a trigger does while it is started. There is one at a time. */
export class OnlySession<Session extends { stop(): Promise<void> }> {
  readonly #trigger: string;
  #opening: Promise<Session> | undefined;
  #current: Session | undefined;

  constructor(trigger: string) {
    this.#trigger = trigger;
  }

  /** The one that has been opened and is not stopped. */
  get current(): Session | undefined {
    return this.#current;
  }

  /** Resolves when none is being opened, with the one that is there then. */
  async opened(): Promise<Session | undefined> {
    await this.#opening?.catch(() => undefined);
    return this.#current;
  }

  /**
   * Opens one, after whose failure another may be opened.
   * @throws Error when there is one; whatever `open` fails with
   */
  async open(open: () => Promise<Session>): Promise<void> {
    if (this.#opening) throw new Error(`The trigger ${this.#trigger} is started already`);
    this.#opening = open();
    try {
      this.#current = await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** Resolves when none is left; also that of an `open` that was under way. */
  async stop(): Promise<void> {
    const session = await this.#opening?.catch(() => undefined);
    await session?.stop();
    this.#opening = undefined;
    this.#current = undefined;
  }
}
