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
    return { ok: false, error: reportError(error), ...figuresOf(invocation) };
  }
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
