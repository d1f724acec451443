import type { FunctionInfo } from '../index.ts';
import type { InvocationAnswer } from './answer.ts';
import type { ControlStatus, FunctionList, InvocationRequest, Refusal, StopAnswer } from './api.ts';
import type { ControlFile } from './control-file.ts';
import type { ErrorReport } from './error-report.ts';
import { type JsonRequest, requestJson } from './request.ts';
import { fromWire, type WireAnswer } from './wire-answer.ts';

/** The control API refused what was asked. */
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
   * the invocation and rejects with the signal's reason.
   * @throws RuntimeStoppingError
   */
  async invoke(name: string, request: InvocationRequest, signal?: AbortSignal): Promise<InvocationAnswer> {
    const path = `/functions/${encodeURIComponent(name)}/invocations`;
    const { address } = this.control;
    const { status, body } = await requestJson({ address, method: 'POST', path, body: request, signal });
    if (status === stopping)
      throw new RuntimeStoppingError(`the runtime (pid ${this.control.pid}) is stopping`);
    if (!isAnswer(body)) throw new ControlError((body as Refusal).error);
    return fromWire(body);
  }

  /** Asks it to shut down; resolves when it has begun to. */
  stop(): Promise<StopAnswer> {
    return this.#request<StopAnswer>({ method: 'POST', path: '/stop' });
  }

  async #request<Answer>(request: Omit<JsonRequest, 'address'>): Promise<Answer> {
    const { status, body } = await requestJson({ ...request, address: this.control.address });
    if (status >= 400) throw new ControlError((body as Refusal).error);
    return body as Answer;
  }
}

/** The status of an invocation that a closing runtime turned away. */
const stopping = 503;

function isAnswer(body: unknown): body is WireAnswer {
  return typeof body === 'object' && body !== null && 'ok' in body;
}
