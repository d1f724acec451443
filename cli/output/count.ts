/** A number of things for people, as in `2,000`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
