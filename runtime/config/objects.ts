import * as v from 'valibot';
import { expected } from '../options/expected.ts';

/**
 * An object with these settings and no others. `v.strictObject` tells of the first unknown one alone, takes lists, and
 * passes over what is called `constructor`.
 */
export function settings<const Entries extends v.ObjectEntries>(entries: Entries, what: string) {
  type Read = v.InferOutput<v.ObjectSchema<Entries, undefined>>;
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, expected(what)),
    v.rawTransform(({ dataset: { value: input }, addIssue }) => {
      const step = (key: string) => {
        return { type: 'object', origin: 'value', input, key, value: input[key] } as const;
      };
      const read = Object.entries(entries).map(([key, schema]) => {
        const { output, issues = [] } = v.safeParse(schema, input[key]);
        for (const { message, expected, path = [] } of issues)
          addIssue({ message, expected: expected ?? undefined, path: [step(key), ...path] });
        return [key, output];
      });
      for (const key in input) {
        if (!Object.hasOwn(entries, key)) addIssue({ expected: unknownSetting, path: [step(key)] });
      }
      return Object.fromEntries(read) as Read;
    }),
  );
}

/** What valibot expects of a setting that there is not. */
export const unknownSetting = 'never';

/** An object with whatever names, each with the same kind of value. */
export function record<Value extends v.GenericSchema>(value: Value, what: string) {
  return v.pipe(
    v.custom<Readonly<Record<string, v.InferInput<Value>>>>(isPlain, expected(what)),
    // As a map: `v.record` leaves out what is called `constructor` or `prototype`.
    v.transform((given) => new Map(Object.entries(given))),
    v.map(v.string(), value),
    v.transform((read) => Object.fromEntries(read)),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it is of no class, of any realm: a Map or a Date would be an empty record. */
function isPlain(value: unknown): boolean {
  if (!isObject(value)) return false;
  const made: unknown = value.constructor;
  return typeof made !== 'function' || Object.hasOwn(made.prototype ?? {}, 'isPrototypeOf');
}
