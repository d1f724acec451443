/** How a worker can come to its end. */
export type EndOfWorker = 'exit' | 'throw' | 'loop' | 'heap';

/** Ends the worker that runs it, or has it ended. */
export default function ends(how: EndOfWorker): Promise<never> {
  switch (how) {
    case 'exit':
      process.exit(1);
      break;
    case 'throw':
      setImmediate(() => {
        throw new Error('nobody catches this');
      });
      break;
    case 'loop':
      for (;;);
    case 'heap':
      for (const kept: unknown[] = []; ; ) kept.push({ of: kept.length });
  }
  return new Promise(() => {});
}
