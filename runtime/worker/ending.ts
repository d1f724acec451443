import type { EncodedValue } from '../channel/codec.ts';
import type { FailureKind } from '../channel/messages.ts';
import { UnserializableError } from '../channel/structured.ts';
import { encodeLossy } from './lossy.ts';

/** How a run ended, before a result is encoded. */
export type Ending = { readonly kind: 'returned'; readonly value: unknown } | Failed;

export interface Failed {
  readonly kind: FailureKind;
  readonly body: EncodedValue;
  readonly path?: string;
}

export function failed(kind: FailureKind, detail: unknown): Failed {
  const body = encodeLossy(detail);
  return detail instanceof UnserializableError ? { kind, body, path: detail.path } : { kind, body };
}
