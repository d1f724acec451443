import { isExactInJson } from '../channel/json-exact.ts';
import type { InvocationAnswer, InvocationFigures } from './answer.ts';
import type { ErrorReport } from './error-report.ts';

/**
 * An answer on the wire. A result that JSON carries without loss stands in it as it is, so that any HTTP client can
 * read it; another travels in the runtime's own format (see channel/structured.ts) as base64.
 */
export type WireAnswer = (
  | { readonly ok: true; readonly result: unknown; readonly resultEncoding?: undefined }
  | { readonly ok: true; readonly result: string; readonly resultEncoding: 'v8' }
  | { readonly ok: false; readonly error: ErrorReport }
) &
  InvocationFigures;

export async function toWire(answer: InvocationAnswer): Promise<WireAnswer> {
  if (!answer.ok || isExactInJson(answer.result)) return answer;
  const { serialize } = await import('../channel/structured.ts');
  // All in one piece, also what is large.
  const { bytes } = serialize(answer.result, 'result', { besideFrom: Number.POSITIVE_INFINITY });
  const result = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return { ...answer, result, resultEncoding: 'v8' };
}

export async function fromWire(answer: WireAnswer): Promise<InvocationAnswer> {
  if (!answer.ok || answer.resultEncoding === undefined) return answer;
  // Most results are JSON: only those that are not pay for loading the other codec.
  const { deserialize } = await import('../channel/structured.ts');
  const { resultEncoding: _, ...plain } = answer;
  return { ...plain, result: deserialize(Buffer.from(answer.result, 'base64')) };
}
