/** Counts down to zero: nothing but work for a processor. */
export default function countdown({ from }: { from: number }): void {
  let count = from;
  while (count > 0) count--;
}
