import type { IncomingMessage } from 'node:http';

export interface JsonRequest {
  readonly address: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

interface JsonResponse {
  readonly status: number;
  readonly body: unknown;
}

/** The runtime was not there, or went away before it answered; `wasSent` tells whether it can have begun. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly wasSent: boolean;
  constructor(cause: Error, wasSent: boolean) {
    super(cause.message, { cause });
    this.wasSent = wasSent;
  }
}

/** Somebody took the connection and then gave no sign of life: nothing has begun there. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
}

/**
 * The longest a runtime is silent that is well, in ms. Its event loop is never held for longer than a few of them; the
 * rest is for a machine that swaps.
 */
export const longestSilenceMs = 5000;

/**
 * One HTTP request over a socket or a named pipe, and all of its answer. A body is sent only when the other side says
 * that it is there to take it: what is slow from then on is the work.
 * @throws ConnectionError
 * @throws SilenceError
 * @throws the reason of `signal` when it aborts: the connection is closed, which cancels what runs for it
 */
export async function requestJson(request: JsonRequest): Promise<JsonResponse> {
  const { response, end, failure } = await openResponse(request);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return { status: response.statusCode ?? 0, body };
  } catch (error) {
    throw failure(error as Error);
  } finally {
    end();
  }
}

interface OpenResponse {
  readonly response: IncomingMessage;
  /** Closes the connection, unless it has done all that it was there for. */
  end(): void;
  /** What to throw when the answer breaks off with this error. */
  failure(error: Error): unknown;
}

/**
 * The same request, up to the beginning of its answer.
 * @throws ConnectionError
 * @throws SilenceError
 * @throws the reason of `signal` when it aborts
 */
export async function openResponse({
  address,
  method,
  path,
  body,
  signal,
}: JsonRequest): Promise<OpenResponse> {
  // Some 10 ms, which a command that asks nobody should not pay.
  const { request: httpRequest } = await import('node:http');
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body), 'utf8');
    // `agent: false`: one connection for one command, which ends with it.
    const request = httpRequest({
      ...{ socketPath: address, method, path, agent: false },
      ...(signal && { signal }),
      headers: payload && headersOf(payload),
    });
    let wasSent = false;
    const failure = (error: Error) => {
      if (signal?.aborted) return signal.reason;
      return error instanceof SilenceError ? error : new ConnectionError(error, wasSent);
    };
    const silence = setTimeout(() => request.destroy(new SilenceError('no sign of life')), longestSilenceMs);
    request.on('error', (error) => {
      clearTimeout(silence);
      reject(failure(error));
    });
    request.once('response', (response) => {
      clearTimeout(silence);
      const end = () => {
        // Refused before it was sent, a body is nobody's any more.
        if (!response.complete || !request.writableEnded) request.destroy();
      };
      resolve({ response, end, failure });
    });
    if (payload) {
      request.once('continue', () => {
        clearTimeout(silence);
        wasSent = true;
        request.end(payload);
      });
    } else {
      request.once('socket', (socket) => socket.once('connect', () => (wasSent = true)));
      request.end();
    }
  });
}

function headersOf(payload: Buffer) {
  return {
    'content-type': 'application/json',
    'content-length': payload.length,
    expect: '100-continue',
  };
}
