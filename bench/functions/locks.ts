import type { FunctionContext } from '../../dist/runtime/index.js';
import { type Part, type Together, together } from './_together.ts';

/** Has the lock and gives it back, again and again. */
export default function locks(args: Together, ctx: FunctionContext): Promise<Part> {
  const lock = ctx.shared.lock('lock');
  return together(args, ctx, async () => {
    let had = 0;
    while (had < args.times) {
      const held = await lock.acquire();
      held.release();
      had += 1;
    }
    return had;
  });
}
