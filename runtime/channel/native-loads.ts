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

  end(): void {
    Atomics.store(this.#state, 0, states.none);
  }

  /** For whoever terminates it: whether that can be now. From then on none begins. */
  forbid(): boolean {
    return Atomics.compareExchange(this.#state, 0, states.none, states.forbidden) !== states.underWay;
  }
}

const states = { none: 0, underWay: 1, forbidden: 2 } as const;

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
