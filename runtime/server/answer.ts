import type { InvocationReport } from '../invocation/invocation.ts';
import { type ErrorReport, reportError } from './error-report.ts';

/** How an invocation ended, with its figures: what `pool invoke --json` prints and the control API answers. */
export type InvocationAnswer = (
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: ErrorReport }
) &
  InvocationFigures;

/** The figures are missing where the invocation never ran; `attempt` is there from the second one on. */
export type InvocationFigures = {
  readonly invocationId: string;
  readonly attempt?: number | undefined;
} & Partial<InvocationReport>;

/** What an answer is made from: an `Invocation` is one. */
interface EndingInvocation extends PromiseLike<unknown> {
  readonly id: string;
  readonly attempt: number;
  readonly report: InvocationReport | undefined;
}

/** Waits for the end of an invocation and tells it as an answer; it never rejects. */
export async function answerOf(invocation: EndingInvocation): Promise<InvocationAnswer> {
  try {
    const result = await invocation;
    return { ok: true, result, ...figuresOf(invocation) };
  } catch (error) {
    const { report } = invocation;
    return { ok: false, error: endOf(reportError(error), report), ...figuresOf(invocation) };
  }
}

/** A runtime that is closed says of all its invocations that they can't run: what ran already was killed by that. */
function endOf(error: ErrorReport, report: InvocationReport | undefined): ErrorReport {
  if (error.code !== 'RUNTIME_CLOSED' || !report) return error;
  const message = `Function "${error.functionName}" was running when the runtime was closed, and has been killed.`;
  return { ...error, message };
}

/** Did the function start, so that running it once more could do its work twice? */
export function hasRun(answer: InvocationAnswer): boolean {
  return answer.durationMs !== undefined;
}

function figuresOf({ id, attempt, report }: EndingInvocation): InvocationFigures {
  if (!report) return { invocationId: id };
  const { durationMs, queueMs, initMs, memoryMB, worker } = report;
  return {
    invocationId: id,
    attempt: attempt === 1 ? undefined : attempt,
    durationMs: hundredths(durationMs),
    queueMs: hundredths(queueMs),
    initMs: hundredths(initMs),
    // A worker that was killed could not say it any more.
    memoryMB: memoryMB === 0 ? undefined : hundredths(memoryMB),
    worker,
  };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
