import type { FunctionContext } from '../../dist/runtime/index.js';
import { getAll, type Part, type Together, together } from './_together.ts';

/** Gets numbers from the queue, one after another, and adds them up. */
export default function gets(args: Together, ctx: FunctionContext): Promise<Part> {
  return together(args, ctx, () => getAll(ctx.shared, args.times));
}
