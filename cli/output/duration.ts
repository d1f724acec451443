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

/** What is left, in one unit and rounded up, as in `2 min`: nobody knows it better. */
export function roughDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 90) return `${seconds} s`;
  if (seconds <= 90 * 60) return `${Math.ceil(seconds / 60)} min`;
  const hours = Math.ceil(seconds / 3600);
  return hours <= 48 ? `${hours} h` : `${Math.ceil(hours / 24)} d`;
}

/** What something took, to the second where that is much of it: `8.5 s`, `2 min 20 s`, `1 h 5 min`. */
export function exactDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return formatDuration(Math.round(ms));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
