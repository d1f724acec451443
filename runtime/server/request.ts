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

/**
 * One HTTP request over a socket or a named pipe.
 * @throws ConnectionError
 * @throws the reason of `signal` when it aborts: the connection is closed, which cancels what runs for it
 */
export async function requestJson({
  address,
  method,
  path,
  body,
  signal,
}: JsonRequest): Promise<JsonResponse> {
  // Some 10 ms, which a command that asks nobody should not pay.
  const { request: httpRequest } = await import('node:http');
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body), 'utf8');
    const headers = payload && { 'content-type': 'application/json', 'content-length': payload.length };
    let isConnected = false;

    const fail = (error: Error) => {
      signal?.removeEventListener('abort', abort);
      reject(signal?.aborted ? signal.reason : new ConnectionError(error, isConnected));
    };
    // `agent: false`: one connection for one command, which ends with it.
    const request = httpRequest({ socketPath: address, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', fail);
      response.once('end', () => {
        signal?.removeEventListener('abort', abort);
        try {
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
          });
        } catch (error) {
          fail(error as Error);
        }
      });
    });
    const abort = () => request.destroy();
    signal?.addEventListener('abort', abort);
    request.once('socket', (socket) => socket.once('connect', () => (isConnected = true)));
    request.once('error', fail);
    request.end(payload);
  });
}
