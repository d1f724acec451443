import type { FunctionContext } from '../../dist/runtime/index.js';
import { type Part, putAll, type Together, together } from './_together.ts';

/** Puts numbers into the queue, one after another. */
export default function puts(args: Together, ctx: FunctionContext): Promise<Part> {
  return together(args, ctx, () => putAll(ctx.shared, args.times));
}
