import { randomUUID } from 'node:crypto';
import type { FileInfo, FileRetry, FunctionInfo, ReceiptState } from '../index.ts';
import type { InvocationAnswer } from './answer.ts';
import type {
  CancelRequest,
  ControlStatus,
  FileRetries,
  FunctionList,
  InvocationRequest,
  Refusal,
  RetryRequest,
  StopAnswer,
} from './api.ts';
import { cancelBeforeClosing } from './cancelling.ts';
import type { ControlFile } from './control-file.ts';
import type { ErrorReport } from './error-report.ts';
import { type JsonRequest, longestSilenceMs, requestJson, SilenceError } from './request.ts';
import { AnswerError, requestLines } from './request-lines.ts';
import { watchForSilence } from './silence.ts';
import { fromWire, type WireAnswer } from './wire-answer.ts';

/** The control API refused what was asked, or said nothing to it. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly report: ErrorReport;
  constructor(report: ErrorReport) {
    super(report.message);
    this.report = report;
  }
}

/** The runtime is shutting down and has not begun with the invocation: it can run elsewhere. */
export class RuntimeStoppingError extends Error {
  override readonly name = 'RuntimeStoppingError';
}

/**
 * Talks to a runtime that runs in another process. Each method rejects with a ConnectionError when that runtime is
 * not there any more, and with a ControlError when it refuses.
 */
export class ControlClient {
  /** What the runtime says of itself in its data folder. */
  readonly control: ControlFile;

  constructor(control: ControlFile) {
    this.control = control;
  }

  status(): Promise<ControlStatus> {
    return this.#request<ControlStatus>({ method: 'GET', path: '/status' });
  }

  async functions(): Promise<readonly FunctionInfo[]> {
    const { functions } = await this.#request<FunctionList>({ method: 'GET', path: '/functions' });
    return functions;
  }

  /**
   * Runs a function there and tells how it ended; an error of the function doesn't reject. Aborting the signal cancels
   * the invocation; where the runtime doesn't say how it ended then, this rejects with the signal's reason. `onSilence` is called, once, when the runtime has taken the
   * invocation and then doesn't answer any more; it is waited for all the same.
   * @throws RuntimeStoppingError
   */
  async invoke(name: string, request: InvocationRequest, waiting: Waiting): Promise<InvocationAnswer> {
    const path = `/functions/${encodeURIComponent(name)}/invocations`;
    const cancelKey = randomUUID();
    const asked: InvocationRequest = { ...request, cancelKey };
    const signal = cancelBeforeClosing(waiting.signal, (reason, closing) =>
      this.#cancel({ cancelKey, reason }, closing),
    );
    const ended = new AbortController();
    const { onSilence } = waiting;
    void watchForSilence(this.control.address, { onSilence, signal: ended.signal });
    const { status, body } = await this.#ask({ method: 'POST', path, body: asked, signal }).finally(() =>
      ended.abort(),
    );
    if (status === stopping || !isAnswer(body)) throw this.#refused(status, body);
    return fromWire(body);
  }

  /**
   * Lists the files in some states, as they come: see `runtime.files`.
   * @throws RuntimeStoppingError
   */
  async *files(states: readonly ReceiptState[]): AsyncGenerator<FileInfo, void, undefined> {
    const query = new URLSearchParams(states.map((state): [string, string] => ['state', state]));
    const { address, pid } = this.control;
    try {
      yield* requestLines({ address, path: `/files?${query}` }) as AsyncGenerator<FileInfo>;
    } catch (error) {
      if (error instanceof AnswerError) throw this.#refused(error.status, error.body);
      throw error instanceof SilenceError ? new ControlError(silenceReport(pid)) : error;
    }
  }

  /**
   * Has files at absolute paths tried again: see `runtime.retryFiles`.
   * @throws RuntimeStoppingError
   */
  async retryFiles(paths: RetryRequest['paths']): Promise<readonly FileRetry[]> {
    const request: RetryRequest = { paths };
    const { status, body } = await this.#ask({ method: 'POST', path: '/files/retry', body: request });
    if (status >= 400) throw this.#refused(status, body);
    return (body as FileRetries).retries;
  }

  /** Asks it to shut down; resolves when it has begun to. */
  stop(): Promise<StopAnswer> {
    return this.#request<StopAnswer>({ method: 'POST', path: '/stop' });
  }

  #refused(status: number, body: unknown): Error {
    if (status === stopping)
      return new RuntimeStoppingError(`the runtime (pid ${this.control.pid}) is stopping`);
    return new ControlError((body as Refusal).error);
  }

  #cancel(body: CancelRequest, signal: AbortSignal): Promise<unknown> {
    return this.#request({ method: 'POST', path: '/cancel', body, signal });
  }

  async #request<Answer>(request: Omit<JsonRequest, 'address'>): Promise<Answer> {
    const { status, body } = await this.#ask(request);
    if (status >= 400) throw new ControlError((body as Refusal).error);
    return body as Answer;
  }

  async #ask(request: Omit<JsonRequest, 'address'>) {
    const { address, pid } = this.control;
    try {
      return await requestJson({ ...request, address });
    } catch (error) {
      throw error instanceof SilenceError ? new ControlError(silenceReport(pid)) : error;
    }
  }
}

/** How to wait for the end of an invocation. */
interface Waiting {
  readonly signal: AbortSignal;
  readonly onSilence: () => void;
}

function silenceReport(pid: number): ErrorReport {
  const message =
    `The runtime (pid ${pid}) does not answer: it has been silent for ${longestSilenceMs / 1000} s. ` +
    `If it is suspended, \`kill -CONT ${pid}\` lets it go on.`;
  return { name: 'ControlError', code: 'NOT_ANSWERING', message };
}

/** The status of what a closing runtime turned away. */
const stopping = 503;

function isAnswer(body: unknown): body is WireAnswer {
  return typeof body === 'object' && body !== null && 'ok' in body;
}
