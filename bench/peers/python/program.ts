import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A Python program that answers each line of JSON on its stdin by one on its stdout. */
export interface PythonProgram {
  ask(question: unknown): Promise<unknown>;
  /** Ends its stdin, and waits for its end. Rejects when it wasn't content with what it did. */
  close(): Promise<void>;
}

/** Starts a script with these arguments. What it has to complain about goes to stderr. */
export function startPython(command: string, script: string, args: readonly string[]): PythonProgram {
  const program = spawn(command, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(program, 'exit');
  const answers = createInterface(program.stdout)[Symbol.asyncIterator]();
  return {
    ask: async (question) => {
      program.stdin.write(`${JSON.stringify(question)}\n`);
      const answer = await answers.next();
      if (answer.done) {
        throw new Error('the Python program ended before it was done');
      }
      return JSON.parse(answer.value);
    },
    close: async () => {
      program.stdin.end();
      const [code] = await exit;
      if (code !== 0) {
        throw new Error(`the Python program ended with exit code ${code}`);
      }
    },
  };
}
