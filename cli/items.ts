import { createInterface } from 'node:readline';
import { standardInput } from './arguments.ts';
import { usageFailure } from './failure.ts';

/** One item of `pool map`. */
export interface Item {
  /** As it was given, and as it is called in messages. */
  readonly text: string;
  /** What it is: the text, or the JSON in it. */
  readonly value: unknown;
  /** The arguments it makes. */
  readonly args: unknown;
}

/**
 * Reads the items of the command line, or with `-` the lines of standard input as they are needed. With `key` an item
 * is text, and the arguments are an object that has it under that key; else it is JSON, and the arguments themselves.
 * @throws CommandFailure, from the iteration where it reads standard input
 */
export function readItems(
  given: readonly string[],
  key: string | undefined,
): Iterable<Item> | AsyncIterable<Item> {
  if (key === '') {
    throw usageFailure(
      'Expected --as to be the key of the items in the arguments, got "": with --as src they are {"src":"<item>"}.',
    );
  }
  if (given.length === 0) {
    throw usageFailure(
      'There are no items: name them after the function, or read them from standard input with `-`, one on each line.',
    );
  }
  if (!given.includes(standardInput)) {
    // All of them, before the first one runs.
    return given.map((text, index) => itemOf(text, key, `item ${index + 1}`));
  }
  if (given.length === 1) return linesOfInput(key);
  throw usageFailure('`-` reads all items from standard input: it stands alone, without items beside it.');
}

async function* linesOfInput(key: string | undefined): AsyncGenerator<Item> {
  let number = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    // A byte order mark is no part of the first line.
    const text = number === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() !== '') yield itemOf(text, key, `line ${number} of standard input`);
  }
}

function itemOf(text: string, key: string | undefined, place: string): Item {
  if (key !== undefined) return { text, value: text, args: { [key]: text } };
  try {
    const value: unknown = JSON.parse(text);
    return { text, value, args: value };
  } catch (error) {
    const { message } = error as Error;
    throw usageFailure(
      `Expected ${place} to be JSON, but ${message}. With --as KEY items are text, and the value of KEY in the arguments.`,
    );
  }
}
