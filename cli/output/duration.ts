/** A duration for people, as in `250 ms`, `30 s`, `5 min`, `2.5 h`. */
export function formatDuration(ms: number | null): string {
  // JSON has no Infinity: over the control API no limit is null.
  if (ms === null || !Number.isFinite(ms)) return 'none';
  const [unit, size] = units.find(([, each]) => ms >= each) ?? (['ms', 1] as const);
  return `${Math.round((ms / size) * 10) / 10} ${unit}`;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;
