import type { IncomingMessage } from 'node:http';
import { ConnectionError, longestSilenceMs, openResponse, SilenceError } from './request.ts';

/** An answer that reports an error. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body: unknown) {
    super(`the answer has the status ${status}`);
    this.status = status;
    this.body = body;
  }
}

/**
 * Asks over a socket or a named pipe for lines of JSON and iterates over what is in them, as they come; no more of them are
 * fetched than are read. Leaving the loop closes the connection.
 * @throws ConnectionError, also when the answer is cut off
 * @throws SilenceError
 * @throws AnswerError
 */
export async function* requestLines(place: {
  address: string;
  path: string;
}): AsyncGenerator<unknown, void, undefined> {
  const { response, end } = await openResponse({ ...place, method: 'GET' });
  const { statusCode: status = 0 } = response;
  try {
    let text = '';
    for await (const line of linesOf(response)) {
      if (status < 400) yield JSON.parse(line);
      else text += line;
    }
    if (status >= 400) throw new AnswerError(status, JSON.parse(text));
  } finally {
    end();
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, void, undefined> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const text of withoutSilence(response)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function* withoutSilence(response: IncomingMessage): AsyncGenerator<string, void, undefined> {
  const parts = response[Symbol.asyncIterator]() as AsyncIterator<string>;
  for (;;) {
    // Only while a part is waited for: a reader may take his time.
    const silence = setTimeout(
      () => response.destroy(new SilenceError('no further sign of life')),
      longestSilenceMs,
    );
    const part = await parts
      .next()
      .catch((error: Error) => {
        throw error instanceof SilenceError ? error : new ConnectionError(error, true);
      })
      .finally(() => clearTimeout(silence));
    if (part.done) return;
    yield part.value;
  }
}
