/** Counts down to zero, which is work for the processor alone, and returns how many steps it took. */
export default function countdown(from: number): number {
  let steps = 0;
  for (let left = from; left > 0; left -= 1) steps += 1;
  return steps;
}
