import type { FunctionContext } from '../../dist/runtime/index.js';
import { type Part, type Together, together } from './_together.ts';

/** Sets one entry of the map to numbers from 1 on, one after another, and looks at the last one. */
export default function sets(args: Together, ctx: FunctionContext): Promise<Part> {
  const map = ctx.shared.map<number>('map');
  return together(args, ctx, async () => {
    for (let value = 1; value <= args.times; value += 1) await map.set('key', value);
    return (await map.get('key')) ?? 0;
  });
}
