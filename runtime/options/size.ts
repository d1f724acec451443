/** Reads a size: a number of bytes, or a string such as `'512mb'`. Returns bytes, or undefined when it is none. */
export function parseSize(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? parseText(value) : value;
  return typeof parsed === 'number' && parsed > 0 ? parsed : undefined;
}

/** What `parseSize` takes, for messages. */
export const sizeExpected = 'a number of bytes or a string such as "512mb" or "1.5 gb"';

const units: Readonly<Record<string, number>> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40 };

const sizeText = /^(?<amount>\d+(?:\.\d+)?) ?(?<unit>b|kb|mb|gb|tb)$/i;

function parseText(text: string): number | undefined {
  const { amount, unit } = sizeText.exec(text.trim())?.groups ?? {};
  return unit === undefined ? undefined : Number(amount) * (units[unit.toLowerCase()] as number);
}
