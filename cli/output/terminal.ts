import type { WriteStream } from 'node:tty';

interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
}

/** Colours where the stream is a terminal that has them; NO_COLOR and FORCE_COLOR are respected. */
export function styleOf(stream: WriteStream): Style {
  const hasColors = stream.isTTY === true && stream.hasColors();
  const wrapIn = (open: number, close: number) => (text: string) =>
    hasColors ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return { bold: wrapIn(1, 22), dim: wrapIn(2, 22), red: wrapIn(31, 39), green: wrapIn(32, 39) };
}

/** Prints a value as JSON on stdout: one line for programs, indented for people. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, jsonIndent())}\n`);
}

/** How JSON on stdout is indented: by 2 spaces on a terminal, and not at all in a pipe or a file. */
export function jsonIndent(): number {
  return process.stdout.isTTY ? 2 : 0;
}
