import { fstatSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

interface OtherOutput {
  /** Something is about to be printed on the terminal. `endsLine`: its last row is complete. */
  onPrint(endsLine: boolean): void;
  /** Something is about to be sent to a program that may print on the terminal. */
  onPipe(): void;
  /** The program ends. */
  onExit(): void;
}

let isWatched = false;

/**
 * Tells of everything that this program prints, from the first call to its end. A configuration prints as well, so that
 * the streams themselves have to be watched.
 */
export function watchOtherOutput({ onPrint, onPipe, onExit }: OtherOutput): void {
  if (isWatched) return;
  isWatched = true;
  watchWrites(process.stderr, onPrint);
  if (process.stdout.isTTY) watchWrites(process.stdout, onPrint);
  else if (isPipe(stdoutFd)) watchWrites(process.stdout, onPipe);
  // An error that nobody catches is printed after that.
  process.on('exit', onExit);
}

const stdoutFd = 1;

/** Calls back before something is written, with whether that ends in a line end. */
function watchWrites(stream: WriteStream, onWrite: (endsLine: boolean) => void): void {
  const write = stream.write;
  stream.write = (...args: unknown[]): boolean => {
    const [chunk] = args;
    if (isText(chunk) && chunk.length > 0) onWrite(endsLine(chunk));
    return Reflect.apply(write, stream, args);
  };
}

function isText(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array;
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk.at(-1) === lineEnd;
}

const lineEnd = 0x0a;

function isPipe(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    // It is closed.
    return false;
  }
}
