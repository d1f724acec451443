import { countServed } from './_served.ts';

/** Returns its argument: what is measured around it is the pool alone. */
export default function echo(args: unknown): unknown {
  countServed();
  return args;
}
