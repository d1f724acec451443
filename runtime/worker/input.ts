import type { StandardSchema } from '../functions/standard-schema.ts';

/** One thing that is wrong with the input, as the wire carries it. */
export interface WireIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The input as the schema returns it (with defaults filled in), or what is wrong with it. */
export async function validateInput(
  schema: StandardSchema,
  input: unknown,
): Promise<{ value: unknown } | { issues: WireIssue[] }> {
  const result = await schema['~standard'].validate(input);
  if (result.issues === undefined) return { value: result.value };
  return {
    issues: result.issues.map(({ message, path }) => ({
      message,
      path: (path ?? []).map((segment) => {
        const key = typeof segment === 'object' ? segment.key : segment;
        return typeof key === 'symbol' ? key.toString() : key;
      }),
    })),
  };
}

/**
 * The JSON Schema of an input, when the schema's library offers it by the Standard JSON Schema interface
 * (https://standardschema.dev/json-schema).
 */
export function describeInput(schema: StandardSchema | undefined): unknown {
  try {
    return schema?.['~standard'].jsonSchema?.input({ target: 'draft-2020-12' });
  } catch {
    return undefined; // a schema that JSON Schema can't express
  }
}
