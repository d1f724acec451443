/**
 * A thread that is terminated while it loads a native module, or calls one, may end the program: the module can't tell an error
 * to a thread that runs no JavaScript any more, and Node ends the process then. So a thread says when it does that, and whoever
 * terminates it waits for those ms. Of the modules of functions nobody is told.
 */
export class NativeLoads {
  /** To be handed to the thread. */
  readonly shared: SharedArrayBuffer;
  readonly #state: Int32Array;

  /** Of what the other thread has made, or a new one. */
  constructor(shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#state = new Int32Array(shared);
  }

  /** In the thread: whether it may begin. To be followed by `end`. */
  begin(): boolean {
    return Atomics.compareExchange(this.#state, 0, states.none, states.underWay) === states.none;
  }

  /** It does not return when the thread is to be terminated: what it did next would be taken for the work of one that lives. */
  end(): void {
    const was = Atomics.compareExchange(this.#state, 0, states.underWay, states.none);
    if (was !== states.isLast) return;
    Atomics.store(this.#state, 0, states.forbidden);
    Atomics.wait(this.#state, 0, states.forbidden);
  }

  /** For whoever terminates it: whether that can be now. From then on none begins, and one that is under way is the last. */
  forbid(): boolean {
    for (;;) {
      const was = Atomics.compareExchange(this.#state, 0, states.none, states.forbidden);
      if (was === states.none || was === states.forbidden) return true;
      if (was === states.isLast) return false;
      // It may have ended just now.
      if (Atomics.compareExchange(this.#state, 0, states.underWay, states.isLast) === states.underWay)
        return false;
    }
  }
}

const states = { none: 0, underWay: 1, isLast: 2, forbidden: 3 } as const;

let ofThisThread: NativeLoads | undefined;

/** This is a thread that somebody may terminate. */
export function heedNativeLoads(loads: NativeLoads): void {
  ofThisThread = loads;
}

/** Does what must not be interrupted; undefined when it can't be begun any more. */
export function uninterrupted<Result>(load: () => Result): Result | undefined {
  if (!ofThisThread) return load();
  if (!ofThisThread.begin()) return undefined;
  try {
    return load();
  } finally {
    ofThisThread.end();
  }
}
