/**
 * A number that JSON carries as it is, or the JSON of another value that is no object, in a fraction of the time that it
 * takes for those; undefined for undefined and for all others.
 */
export function shortJson(value: unknown): number | string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : undefined;
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      return value === null ? 'null' : undefined;
  }
}
