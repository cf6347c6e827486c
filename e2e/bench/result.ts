/** One measured figure, with what it stands beside. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly reference: { readonly name: string; readonly value: number } | null;
  readonly runs: number;
}

/** What a result line begins with; the rest is JSON. */
export const RESULT_MARK = 'result ';

/** Prints a result as a line a program reads. */
export function show(result: Result): void {
  console.log(`${RESULT_MARK}${JSON.stringify(result)}`);
}

/** The value at a share of the sorted values, in [0, 1]; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
