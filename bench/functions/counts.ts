import { readFileSync, writeFileSync } from 'node:fs';
import type { FunctionContext } from '../../dist/runtime/index.js';
import { type Part, type Together, together } from './_together.ts';

/** Adds one to the number in a file, each time with the lock: without it, what others add would get lost. */
export default function counts(
  args: Together & { readonly file: string },
  ctx: FunctionContext,
): Promise<Part> {
  const lock = ctx.shared.lock('lock');
  return together(args, ctx, async () => {
    for (let counted = 0; counted < args.times; counted += 1) {
      const held = await lock.acquire();
      writeFileSync(args.file, String(Number(readFileSync(args.file, 'utf8')) + 1));
      held.release();
    }
    return args.times;
  });
}
