import { inspect } from 'node:util';
import { toJson } from './json-form.ts';
import { jsonIndent } from './terminal.ts';

/** Prints the result of a function on stdout, alone; nothing for `undefined`. */
export function printResult(result: unknown, { raw }: { raw: boolean }): void {
  if (result === undefined) return;
  const bytes = raw ? rawForm(result) : undefined;
  process.stdout.write(bytes ?? `${textForm(result)}\n`);
}

/** A result as text: JSON, or the inspect form where JSON can't carry it, which a note on stderr tells. */
function textForm(result: unknown): string {
  const json = toJson(result, jsonIndent());
  if (json !== undefined) return json;
  process.stderr.write(inspectNote);
  return inspectForm(result);
}

/** A value in Node's inspect form, with nothing left out of it. */
export function inspectForm(value: unknown): string {
  return inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: widestLine,
  });
}

export const inspectNote = "pool: JSON can't carry this result; it is printed as `util.inspect` shows it.\n";

const widestLine = 100;

/** Strings and bytes as they are. */
function rawForm(result: unknown): string | Uint8Array | undefined {
  if (typeof result === 'string') return result;
  if (ArrayBuffer.isView(result)) return new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
  return result instanceof ArrayBuffer ? new Uint8Array(result) : undefined;
}
