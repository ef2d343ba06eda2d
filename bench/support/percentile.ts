/** Nearest rank: the least of the values that so many percent of them do not exceed. NaN for none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1] ?? Number.NaN;
}

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly least: number;
  readonly most: number;
}

/** With fewer than a hundred values the 99th percentile is the greatest of them. Null for none. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const at = (percent: number): number => Number(percentile(values, percent).toFixed(3));
  return { count: values.length, p50: at(50), p99: at(99), least: at(0), most: at(100) };
}
