import { type Ending, failed } from './ending.ts';
import { collectParts, sendParts } from './give-parts.ts';
import { validateInput } from './input.ts';
import type { LoadedFunction } from './load.ts';
import type { PartSender } from './part-sender.ts';
import { onlyPart, partsOf } from './parts-of.ts';
import type { RunContext } from './run-context.ts';
import { isThenable } from './thenable.ts';

type Form = NonNullable<LoadedFunction['form']>;

/** What runs. */
export interface Current {
  /** Those that came together are one after another in the same one. */
  run: number;
  context: RunContext;
  /** When its result is read part by part. */
  readonly sender: PartSender | undefined;
}

/** Calls what the functions of this worker export, with their input checked and after their set-up. */
export class Handlers {
  readonly #functions: LoadedFunction[];
  /** By function index: set up, or about to be. */
  readonly #setUp = new Map<number, Promise<void>>();
  readonly #isReady = new Set<number>();

  constructor(functions: readonly LoadedFunction[]) {
    this.#functions = [...functions];
  }

  at(functionIndex: number): LoadedFunction | undefined {
    return this.#functions[functionIndex];
  }

  /** This one needs no set-up. */
  define(functionIndex: number, loaded: LoadedFunction): void {
    this.#functions[functionIndex] = loaded;
    this.#isReady.add(functionIndex);
  }

  run(functionIndex: number, form: Form, input: unknown, current: Current): Ending | Promise<Ending> {
    if (form.input || !this.#isReady.has(functionIndex)) {
      return this.#prepareAndRun(functionIndex, form, input, current);
    }
    return runHandler(form, input, current);
  }

  /** Runs `teardown` of each function that was set up here. */
  async tearDown(): Promise<void> {
    for (const index of this.#setUp.keys()) {
      try {
        await this.#functions[index]?.form?.teardown?.();
      } catch (error) {
        // One that fails must not keep the others from theirs.
        console.error(`The teardown of "${this.#functions[index]?.source.name}" failed:`, error);
      }
    }
  }

  async #prepareAndRun(index: number, form: Form, input: unknown, current: Current): Promise<Ending> {
    let value = input;
    try {
      if (form.input) {
        const validated = await validateInput(form.input, input);
        if ('issues' in validated) return failed('invalidInput', validated.issues);
        value = validated.value;
      }
      if (!this.#isReady.has(index)) await this.#setUpOnce(index, form.setup);
    } catch (thrown) {
      return failed('threw', thrown);
    }
    return runHandler(form, value, current);
  }

  #setUpOnce(index: number, setup: (() => unknown) | undefined): Promise<void> {
    let done = this.#setUp.get(index);
    if (!done) {
      done = (async () => {
        await setup?.();
        this.#isReady.add(index);
      })();
      this.#setUp.set(index, done);
      // A set-up that failed fails this invocation; the next one tries again.
      done.catch(() => this.#setUp.delete(index));
    }
    return done;
  }
}

function runHandler({ handler }: Form, input: unknown, current: Current): Ending | Promise<Ending> {
  const { context } = current;
  // Cancelled on the way or during the set-up: a function that has not begun should not begin.
  if (context.isAborted) return failed('threw', context.abortReason);
  try {
    const result = handler(input, context);
    if (isThenable(result)) return settled(result, current);
    return given(result, current) ?? { kind: 'returned', value: result };
  } catch (thrown) {
    return failed('threw', thrown);
  }
}

async function settled(result: PromiseLike<unknown>, current: Current): Promise<Ending> {
  try {
    const value = await result;
    // Awaited only where there is something to wait for.
    const ending = given(value, current);
    return ending ? await ending : { kind: 'returned', value };
  } catch (thrown) {
    return failed('threw', thrown);
  }
}

/** The end of a run that gives parts, or is read by parts; undefined for all others. */
function given(result: unknown, { context, sender }: Current): Promise<Ending> | undefined {
  const parts = partsOf(result);
  if (sender) return sendParts(parts ?? onlyPart(result), context, sender);
  return parts && collectParts(parts, context);
}
