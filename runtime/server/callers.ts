import type { ServerResponse } from 'node:http';

/** Those who wait for an invocation: what each of its signals aborts with is why the caller wants it no more. */
export class Callers {
  readonly #waiting = new Map<string, AbortController>();

  /** A signal that aborts when the client goes away before it has its answer, or cancels by the key that it gave. */
  enter(response: ServerResponse, cancelKey: string | undefined): AbortSignal {
    const controller = new AbortController();
    if (cancelKey !== undefined) this.#waiting.set(cancelKey, controller);
    response.once('close', () => {
      if (cancelKey !== undefined) this.#waiting.delete(cancelKey);
      if (!response.writableFinished) controller.abort(new Error('the caller disconnected'));
    });
    return controller.signal;
  }

  /** Returns whether somebody waits under this key. */
  cancel(cancelKey: string, reason: string): boolean {
    const controller = this.#waiting.get(cancelKey);
    controller?.abort(new Error(reason));
    return controller !== undefined;
  }
}
